import { roughly } from '@rolegate/runtime';
import type { AgentExplanation } from '../answers/agent-explanation.ts';
import type { AgentStatus } from '../answers/agent-status.ts';
import { faultOf, valueOf } from '../answers/answer.ts';
import { isWaiting } from '../answers/server-status.ts';
import { decisionOf, isOfSts, serverView } from './evidence.ts';
import type { AgentPod, Evidence } from './evidence.ts';
import { stepAfter } from './fault-text.ts';
import { link } from './link.ts';
import type { Link, LinkFacts } from './link.ts';
import { nodeOf, obstacleOf } from './obstacle.ts';

const DOCTOR = 'kubectl rolegate doctor';
/** Also the agent's note about such a Pod. */
const BY_TOKEN = 'served only by its ServiceAccount token';

/** What the agent of the Pod's node has cached for it, and for how long. */
export function agentLink(evidence: Evidence): Link {
  if (obstacleOf(evidence) !== undefined) return link('agent', 'unreached', 'not reached');
  const node = nodeOf(evidence) ?? 'its node';
  const explained = valueOf(evidence.agent);
  if (explained === undefined) return silent(evidence, node);
  if (explained.pod === undefined) return unknownPod(explained, evidence, node);
  const decision = decisionOf(evidence);
  if (decision !== undefined && decision.kind !== 'allow') return refusing(explained);
  // What the server has told the agent, or not yet, is not the agent's fault.
  const { state } = explained.pod;
  const session = valueOf(evidence.server)?.session;
  const isPending = state === 'Pending' && session !== undefined && isWaiting(session);
  if (isPending || isOfSts(state))
    return link('agent', 'unreached', `has nothing to give: ${state}`, { details: addressesOf(explained) });
  return holding(explained, evidence);
}

/** No agent, one that does not run, or one that does not answer. */
function silent(evidence: Evidence, node: string): Link {
  const { agents, agent } = evidence;
  const [pod] = agents ?? [];
  if (!evidence.isInstalled)
    return link('agent', 'broken', `no agent runs on ${node}: no Pod of Rolegate is in any Namespace`, {
      next: "install Rolegate (docs/install.md), with its charts' labels",
    });
  if (agents !== undefined && pod === undefined)
    return link('agent', 'broken', `no agent runs on ${node}`, {
      next: "see which of the node's taints the DaemonSet of the agent does not tolerate, or why it has no Pod there",
      commands: [
        `kubectl describe node ${node}`,
        'kubectl get daemonset -A -l app.kubernetes.io/part-of=rolegate',
      ],
    });
  if (pod !== undefined && pod.phase !== 'Running')
    return link('agent', 'broken', `the agent of ${node} does not run: its Pod ${pod.name} is ${pod.phase}`, {
      next: 'see why',
      commands: [describe(pod)],
    });
  const fault = faultOf(agent) ?? 'unknown';
  const version = serverView(evidence)?.agent?.version;
  if (version?.startsWith('0.1.') === true)
    return link(
      'agent',
      'unknown',
      `the agent of ${node} is of version ${version} and does not say: ${fault}`,
      {
        next: 'upgrade the agents to the version of the servers',
      },
    );
  const says = `the agent of ${node} does not answer: ${fault}`;
  const step =
    pod?.ready === false
      ? { next: 'see why it is not ready', commands: [describe(pod)] }
      : { next: 'look at the node', commands: [DOCTOR] };
  return link('agent', 'unknown', says, stepAfter(fault, step));
}

function describe({ namespace, name }: AgentPod): string {
  return `kubectl -n ${namespace} describe pod ${name}`;
}

/** Mostly because it cannot reach a server, which alone knows Pods. */
function unknownPod({ waitsFor, addresses }: AgentExplanation, evidence: Evidence, node: string): Link {
  const status = valueOf(evidence.agentStatus);
  const details = addresses.map(({ ip, says }) => `${ip}: ${says ?? ''}`);
  if (status?.mode === 'firewall')
    return link('agent', 'broken', `the agent of ${node} runs in firewall mode, which refuses all Pods`, {
      next: "if Pods should get roles, set the agents' --mode to roles (chart value mode), and install a server",
    });
  if (status?.server?.feed.connected === false)
    return link('agent', 'broken', `the agent of ${node} ${lostText(status)}, and does not know the Pod`, {
      details,
      ...connectionStep(evidence, status),
    });
  return link(
    'agent',
    'broken',
    `the agent of ${node} does not know the Pod; it waits for ${waitsFor ?? 'the feed'}`,
    {
      details,
      next: "check the agent's connection to a server",
      commands: [DOCTOR],
    },
  );
}

/** The agent keeps to an earlier decision while its feed is lost. */
function refusing(explained: AgentExplanation): Link {
  const answer = answerOf(explained);
  const details = addressesOf(explained);
  return explained.pod?.state === 'ok'
    ? link('agent', 'warning', `still serves what was allowed before: answers ${answer}`, {
        details,
        next: 'see why the agent does not know the decision yet',
        commands: [DOCTOR],
      })
    : link('agent', 'unreached', `answers ${answer}`, { details });
}

function holding(explained: AgentExplanation, evidence: Evidence): Link {
  const { pod, answers, waitsFor, state = '', meaning, remedy } = explained;
  const status = valueOf(evidence.agentStatus);
  const details = addressesOf(explained);
  const isLost = status?.server?.feed.connected === false;
  const isByToken = explained.byToken?.startsWith('200') === true && pod?.state === 'ok';
  // The state of the address counts more than that of the Pod: nobody else can ask for it.
  const isServed = answers?.credentials?.startsWith('200') === true && pod?.remainingMinutes !== undefined;
  if (pod?.state === 'ok' && (isServed || isByToken)) {
    const how = isServed ? '' : `, ${BY_TOKEN}`;
    const held = `has credentials ${pod.accessKeyId ?? ''} for ${minutes(pod.remainingMinutes ?? 0)}${how}`;
    const notes = pod.note === undefined || pod.note === BY_TOKEN ? details : [...details, pod.note];
    return isLost
      ? link('agent', 'warning', `${held}, but ${lostText(status)}`, {
          details: notes,
          ...connectionStep(evidence, status),
        })
      : link('agent', 'ok', held, { details: notes });
  }
  if (isLost && pod?.state !== 'ok')
    return link('agent', 'broken', `has nothing to give: it ${lostText(status)}`, {
      details,
      ...connectionStep(evidence, status),
    });
  if (pod?.state === 'ok')
    return link(
      'agent',
      'broken',
      `knows the Pod, but answers ${answerOf(explained)}: it waits for ${waitsFor ?? 'an address of the Pod'}`,
      { details, next: remedy ?? "see where the node's CNI results are", commands: [DOCTOR] },
    );
  const why = pod?.note ?? meaning ?? 'no reason is known';
  return link('agent', 'broken', `${pod?.state ?? state}: ${why}`, {
    details,
    next: remedy ?? 'look at the node',
    commands: [DOCTOR],
  });
}

function minutes(many: number): string {
  return many === 1 ? '1 more minute' : `${many} more minutes`;
}

/** How long the agent has had no feed, and why. */
function lostText({ server }: AgentStatus): string {
  const feed = server?.feed;
  const forMs = Math.max(feed?.staleSeconds ?? 0, feed?.sinceSeconds ?? 0) * 1000;
  const fault = feed?.lastFault === undefined ? '' : ` (${feed.lastFault})`;
  return `has reached no server for ${roughly(forMs)}${fault}`;
}

/** What lies between an agent and a server. */
function connectionStep({ server }: Evidence, status: AgentStatus): LinkFacts {
  const last = status.server?.feed.server;
  return {
    next:
      valueOf(server) === undefined
        ? 'see whether the servers run'
        : `find what is between the node and the server${last === undefined ? '' : ` (last ${last})`}: a NetworkPolicy of the server's Namespace, or a rule or security group that closes 9610 and 9611`,
    commands: ['kubectl get networkpolicy -A', DOCTOR],
  };
}

function answerOf({ answers, byToken }: AgentExplanation): string {
  return answers?.credentials ?? byToken ?? 'nothing: no address leads to the Pod';
}

function addressesOf({ addresses }: AgentExplanation): readonly string[] {
  return addresses.map(({ ip, says }) => (says === undefined ? ip : `${ip}: ${says}`));
}
