import { formatHostPort, roughly } from '@rolegate/runtime';
import type { AgentExplanation } from '../answers/agent-explanation.ts';
import type { AgentStatus } from '../answers/agent-status.ts';
import { faultOf, valueOf } from '../answers/answer.ts';
import { decisionOf } from './evidence.ts';
import type { Evidence } from './evidence.ts';
import { link } from './link.ts';
import type { Link } from './link.ts';

const DOCTOR = 'kubectl rolegate doctor';

/** What the agent of the Pod's node has cached for it, and for how long. */
export function agentLink(evidence: Evidence): Link {
  const { agentOnNode, agent, server, pod } = evidence;
  const node = valueOf(pod)?.spec?.nodeName ?? valueOf(server)?.node ?? 'its node';
  if (agentOnNode === false)
    return link('agent', 'broken', `no agent runs on ${node}`, {
      next: `see why the DaemonSet has no Pod there: ${DOCTOR}`,
    });
  const explained = valueOf(agent);
  if (explained === undefined)
    return link('agent', 'unknown', `the agent of ${node} does not answer: ${faultOf(agent) ?? 'unknown'}`, {
      next: `look at the node: ${DOCTOR}`,
    });
  const decision = decisionOf(evidence);
  if (explained.pod === undefined) return unknownPod(explained, node);
  if (decision !== undefined && decision.kind !== 'allow')
    return link('agent', 'unreached', `answers ${answerOf(explained)}`, { details: addressesOf(explained) });
  // What the server has told the agent is not the agent's fault.
  const { state } = explained.pod;
  if (state !== 'ok' && state === valueOf(server)?.session?.reason)
    return link('agent', 'unreached', `has nothing to give: ${state}`, { details: addressesOf(explained) });
  return holding(explained, valueOf(evidence.agentStatus));
}

function unknownPod({ waitsFor, addresses }: AgentExplanation, node: string): Link {
  return link(
    'agent',
    'broken',
    `the agent of ${node} does not know the Pod; it waits for ${waitsFor ?? 'the feed'}`,
    {
      details: addresses.map(({ ip, says }) => `${ip}: ${says ?? ''}`),
      next: `check the agent's feed: ${DOCTOR}`,
    },
  );
}

function holding(explained: AgentExplanation, status: AgentStatus | undefined): Link {
  const { pod, answers, waitsFor, state = '', meaning, remedy } = explained;
  const details = [...addressesOf(explained), ...feedOf(status)];
  const isByToken = explained.byToken?.startsWith('200') === true && pod?.state === 'ok';
  // The state of the address counts more than that of the Pod: nobody else can ask for it.
  const isServed = answers?.credentials?.startsWith('200') === true && pod?.remainingMinutes !== undefined;
  if (pod?.state === 'ok' && (isServed || isByToken)) {
    const held = `has credentials ${pod.accessKeyId ?? ''} for ${pod.remainingMinutes ?? 0} more minutes`;
    const how = isServed ? '' : ', served only by its ServiceAccount token';
    const isLost = status?.server?.feed.connected === false;
    return link('agent', isLost ? 'warning' : 'ok', `${held}${how}`, {
      details: pod.note === undefined ? details : [...details, pod.note],
      next: isLost ? `the agent serves from memory; see why its feed is lost: ${DOCTOR}` : undefined,
    });
  }
  if (pod?.state === 'ok')
    return link(
      'agent',
      'broken',
      `knows the Pod, but answers ${answerOf(explained)}: it waits for ${waitsFor ?? 'an address of the Pod'}`,
      {
        details,
        next: remedy ?? `see where the node's CNI results are: ${DOCTOR}`,
      },
    );
  const why = pod?.note ?? meaning ?? 'no reason is known';
  return link('agent', 'broken', `${pod?.state ?? state}: ${why}`, {
    details,
    next: remedy ?? `look at the node: ${DOCTOR}`,
  });
}

function answerOf({ answers, byToken }: AgentExplanation): string {
  return answers?.credentials ?? byToken ?? 'nothing: no address leads to the Pod';
}

function addressesOf({ addresses }: AgentExplanation): readonly string[] {
  return addresses.map(({ ip, says }) => (says === undefined ? ip : `${ip}: ${says}`));
}

function feedOf(status: AgentStatus | undefined): readonly string[] {
  const feed = status?.server?.feed;
  if (feed?.connected !== false) return [];
  const fault = feed.lastFault === undefined ? '' : `: ${feed.lastFault}`;
  return [
    `feed lost for ${roughly(Math.max(feed.staleSeconds ?? 0, feed.sinceSeconds ?? 0) * 1000)}${fault}`,
  ];
}

interface Problem {
  readonly state: 'broken' | 'warning';
  readonly says: string;
  readonly next: string;
}

/** Whether requests of Pods on the node reach the agent, and nothing else. */
export function interceptionLink({ agentStatus, agentOnNode }: Evidence): Link {
  const status = valueOf(agentStatus);
  if (status === undefined) {
    const why = agentOnNode === false ? 'no agent runs on the node' : (faultOf(agentStatus) ?? 'unknown');
    return link('interception', 'unknown', `not known: ${why}`, { next: `look at the node: ${DOCTOR}` });
  }
  const problems = problemsOf(status);
  const [first] = [...problems.filter(({ state }) => state === 'broken'), ...problems];
  const says = layersText(status);
  if (first === undefined)
    return Object.keys(status.interception.layers).length === 0
      ? link(
          'interception',
          'unknown',
          'the agent does not know its rules: it has no --cni-socket, or reconcile has not answered',
        )
      : link('interception', 'ok', says);
  return link('interception', first.state, first.says, {
    details: [...problems.filter((one) => one !== first).map((one) => one.says), says],
    next: first.next,
  });
}

function problemsOf({ interception, ports, addresses }: AgentStatus): readonly Problem[] {
  const { layers, readerConnected, nodeImdsv1Open } = interception;
  const lost = Object.keys(layers).filter((layer) => layers[layer] === false);
  const repaired = "see what changes the node's rules: kubectl rolegate doctor";
  return [
    ...lost.map((layer): Problem => ({
      // Without nat, requests are denied instead of redirected.
      state: layer === 'nat' || layer === 'input' ? 'broken' : 'warning',
      says: `the rules of layer ${layer} are not installed`,
      next: repaired,
    })),
    ...(ports.foreignListeners ?? []).map(({ address, port, uid }): Problem => ({
      state: 'broken',
      says: `a foreign listener has ${formatHostPort({ host: address, port })}${userText(uid)}: it can get this Pod's requests`,
      next: `find its process on the node: ss -ltnp sport = :${port}`,
    })),
    ...ports.held.map(({ address, port }): Problem => ({
      state: 'broken',
      says: `another user's process has ${formatHostPort({ host: address, port })}: the agent waits for the port`,
      next: `find its process on the node: ss -ltnp sport = :${port}`,
    })),
    ...(addresses.source === 'pod-status'
      ? [
          {
            state: 'warning',
            says: `no usable CNI results (${directoriesText(addresses.directories)}): a new Pod waits until its status has its IP`,
            next: 'set --cni-cache-dir (chart value cni.cacheDirs) to the directory of the container runtime',
          } as const,
        ]
      : []),
    ...(nodeImdsv1Open === true
      ? [
          {
            state: 'warning',
            says: 'the IMDS of the node answers IMDSv1',
            next: 'require IMDSv2 with hop limit 1 on the instance',
          } as const,
        ]
      : []),
    ...(readerConnected === false
      ? [
          {
            state: 'warning',
            says: 'reconcile does not answer: the rules are as last known',
            next: repaired,
          } as const,
        ]
      : []),
  ];
}

function layersText({ interception: { layers } }: AgentStatus): string {
  return Object.entries(layers)
    .map(([layer, isThere]) => `${layer} ${isThere ? 'ok' : 'LOST'}`)
    .join(', ');
}

function directoriesText(directories: Readonly<Record<string, string>>): string {
  const all = Object.entries(directories).map(([directory, state]) => `${directory} ${state}`);
  return all.join(', ') || 'none configured';
}

function userText(uid: number | undefined): string {
  return uid === undefined ? '' : ` (UID ${uid})`;
}
