import type { V1DaemonSet, V1Namespace, V1Node, V1Pod } from '../answers/objects.ts';
import type { AgentStatus } from '../answers/agent-status.ts';
import type { Answer } from '../answers/answer.ts';
import type { ServerStatus } from '../answers/server-status.ts';

/** Everything that doctor reads. What cannot be read is a fault, and only its own checks are left out. */
export interface Cluster {
  readonly nodes: Answer<readonly V1Node[]>;
  /** Of all Namespaces. */
  readonly daemonSets: Answer<readonly V1DaemonSet[]>;
  /** Of the Namespaces of agents and servers, and of kube-system. */
  readonly pods: Answer<readonly V1Pod[]>;
  /** Those of agents and servers, with their labels. */
  readonly namespaces: Answer<readonly V1Namespace[]>;
  /** The text of kube-proxy's configuration (ConfigMap kube-proxy in kube-system); undefined: there is none, or it cannot be read. */
  readonly kubeProxyConfig: string | undefined;
  readonly agents: readonly AgentReading[];
  readonly servers: readonly ServerReading[];
}

export interface AgentReading {
  readonly node: string;
  /** NAMESPACE/NAME. */
  readonly pod: string;
  readonly status: Answer<AgentStatus>;
  /** The newest log lines of all its containers, the newest last, without level debug; empty if they cannot be read. */
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

/** NAMESPACE/NAME. */
export function fullName({ metadata }: Pick<V1Pod, 'metadata'>): string {
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
