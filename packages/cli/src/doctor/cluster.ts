import type { V1DaemonSet, V1Namespace, V1Node, V1Pod } from '../answers/objects.ts';
import type { AgentStatus } from '../answers/agent-status.ts';
import { valueOf } from '../answers/answer.ts';
import type { Answer } from '../answers/answer.ts';
import type { ServerStatus } from '../answers/server-status.ts';

/** Everything that doctor reads. What cannot be read is a fault, and only its own checks are left out. */
export interface Cluster {
  readonly nodes: Answer<readonly V1Node[]>;
  /** Of all Namespaces: those of agents, and those of kiam and kube2iam. */
  readonly daemonSets: Answer<readonly V1DaemonSet[]>;
  /** Of the Namespaces of agents and servers. */
  readonly pods: Answer<readonly V1Pod[]>;
  /** Of kube-system, unless Rolegate runs there. */
  readonly systemPods: Answer<readonly V1Pod[]>;
  /** Those of the agents, with their labels. */
  readonly namespaces: Answer<readonly V1Namespace[]>;
  /** The text of kube-proxy's configuration; undefined: there is none. */
  readonly kubeProxyConfig: Answer<string | undefined>;
  /** Whether agents and servers may be asked. Those of a Namespace in which they may not be have no reading. */
  readonly status: Answer<true>;
  /** Whether the agents' logs may be read. */
  readonly logs: Answer<true>;
  readonly agents: readonly AgentReading[];
  readonly servers: readonly ServerReading[];
  /** When all this was read. Milliseconds since the epoch. */
  readonly atMs: number;
}

export interface AgentReading {
  readonly node: string;
  /** NAMESPACE/NAME. */
  readonly pod: string;
  readonly status: Answer<AgentStatus>;
  /** Those of its newest log lines that checks read, the newest last. Empty unless its status makes them worth reading. */
  readonly lines: readonly LogLine[];
}

export interface ServerReading {
  /** NAMESPACE/NAME. */
  readonly pod: string;
  readonly status: Answer<ServerStatus>;
}

/** A parsed log line. */
export type LogLine = Readonly<Record<string, unknown>>;

const COMPONENT = 'app.kubernetes.io/component';
const PART_OF = 'app.kubernetes.io/part-of';

/** True for an agent's Pod or DaemonSet, as the charts and deploy/ label them. */
export function isAgent({ metadata }: V1Pod | V1DaemonSet): boolean {
  return isPart(metadata?.labels, 'agent');
}

export function isServer({ metadata }: V1Pod): boolean {
  return isPart(metadata?.labels, 'server');
}

function isPart(labels: Readonly<Record<string, string>> | undefined, component: string): boolean {
  return labels?.[PART_OF] === 'rolegate' && labels[COMPONENT] === component;
}

/** Pods of agents and servers, and those of kube-system. */
export function allPods({ pods, systemPods }: Cluster): readonly V1Pod[] {
  return [...(valueOf(pods) ?? []), ...(valueOf(systemPods) ?? [])];
}

/** True if the control plane has not heard from the node's kubelet lately. */
export function isKubeletSilent({ status }: V1Node): boolean {
  return (status?.conditions ?? []).some((one) => one.type === 'Ready' && one.status === 'Unknown');
}

/** True for a Pod that is stopping: another one takes its place, or nobody is meant to. */
export function isTerminating({ metadata }: V1Pod): boolean {
  return metadata?.deletionTimestamp !== undefined;
}

/** How many Pods a DaemonSet has, of those that it should have. */
export function countsText(daemonSet: V1DaemonSet): string {
  const { desiredNumberScheduled = 0, currentNumberScheduled = 0 } = daemonSet.status ?? {};
  return `DaemonSet ${fullName(daemonSet)} has ${currentNumberScheduled} of ${desiredNumberScheduled} Pods`;
}

/** NAMESPACE/NAME. */
export function fullName({ metadata }: Pick<V1Pod | V1DaemonSet, 'metadata'>): string {
  return `${metadata?.namespace ?? 'default'}/${metadata?.name ?? ''}`;
}

/**
 * The newest line with one of these messages. With `ended`, undefined if a line with that message came later: what it tells of is
 * over.
 */
export function latestLine(lines: readonly LogLine[], message: string, ended?: string): LogLine | undefined {
  const last = lines.findLast(({ msg }) => msg === message || (ended !== undefined && msg === ended));
  return last?.['msg'] === message ? last : undefined;
}
