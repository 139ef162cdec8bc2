import { formatHostPort } from '@rolegate/runtime';
import type { AgentStatus } from '../answers/agent-status.ts';
import { faultOf, valueOf } from '../answers/answer.ts';
import type { Evidence } from './evidence.ts';
import { stepAfter } from './fault-text.ts';
import { link } from './link.ts';
import type { Link } from './link.ts';
import { nodeOf, obstacleOf } from './obstacle.ts';

const DOCTOR = 'kubectl rolegate doctor';

interface Problem {
  readonly state: 'broken' | 'warning';
  readonly says: string;
  readonly next: string;
  readonly commands?: readonly string[];
}

/** Whether requests of Pods on the node reach the agent, and nothing else. */
export function interceptionLink(evidence: Evidence): Link {
  const { agentStatus } = evidence;
  if (obstacleOf(evidence) !== undefined) return link('interception', 'unreached', 'not reached');
  const status = valueOf(agentStatus);
  if (status === undefined) {
    const fault = faultOf(agentStatus) ?? '';
    const step = stepAfter(fault, { next: 'look at the node', commands: [DOCTOR] });
    return link('interception', 'unknown', `not known: ${fault}`, step);
  }
  const problems = problemsOf(status, nodeOf(evidence) ?? 'NODE');
  const [first] = [...problems.filter(({ state }) => state === 'broken'), ...problems];
  const says = layersText(status);
  if (first === undefined)
    return Object.keys(status.interception.layers).length === 0
      ? withoutLayers(status)
      : link('interception', 'ok', says);
  return link('interception', first.state, first.says, {
    details: [...problems.filter((one) => one !== first).map((one) => one.says), says],
    next: first.next,
    commands: first.commands ?? [],
  });
}

/** Without --cni-socket the agent was started by hand, and whoever did that leads requests to it. */
function withoutLayers({ version, interception }: AgentStatus): Link {
  return version !== undefined && interception.readerConnected === undefined
    ? link('interception', 'unreached', 'not watched: the agent runs without --cni-socket')
    : link(
        'interception',
        'unknown',
        'the agent does not say: it is of version 0.1, or reconcile has not answered',
      );
}

function problemsOf({ interception, ports, addresses }: AgentStatus, node: string): readonly Problem[] {
  const { layers, readerConnected, nodeImdsv1Open } = interception;
  const lost = Object.keys(layers).filter((layer) => layers[layer] === false);
  const repaired = { next: "see what changes the node's rules", commands: [DOCTOR] };
  return [
    ...lost.map((layer): Problem => ({
      // Without nat, requests are denied instead of redirected.
      state: layer === 'nat' || layer === 'input' ? 'broken' : 'warning',
      says: `the rules of layer ${layer} are not installed`,
      ...repaired,
    })),
    ...(ports.foreignListeners ?? []).map(({ address, port, uid }): Problem => ({
      state: 'broken',
      says: `a foreign listener has ${formatHostPort({ host: address, port })}${userText(uid)}: it can get this Pod's requests`,
      ...findListener(node, port),
    })),
    ...ports.held.map(({ address, port }): Problem => ({
      state: 'broken',
      says: `another user's process has ${formatHostPort({ host: address, port })}: the agent waits for the port`,
      ...findListener(node, port),
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
            ...repaired,
          } as const,
        ]
      : []),
  ];
}

/** By a Pod in the node's own namespaces. */
function findListener(node: string, port: number): Pick<Problem, 'next' | 'commands'> {
  return {
    next: `find its process on ${node}: ss -ltnp sport = :${port}`,
    commands: [
      `kubectl debug node/${node} -it --profile=sysadmin --image=busybox -- chroot /host ss -ltnp sport = :${port}`,
    ],
  };
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
