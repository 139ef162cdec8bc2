import { roughly } from '@rolegate/runtime';
import type { AgentStatus } from '../answers/agent-status.ts';
import { valueOf } from '../answers/answer.ts';
import { checkAddresses } from './checks/addresses.ts';
import { checkContainerCredentials } from './checks/container-credentials.ts';
import { checkConnections } from './checks/connections.ts';
import { checkKubeProxy } from './checks/kube-proxy.ts';
import { checkLeftovers } from './checks/leftovers.ts';
import { checkNodes } from './checks/nodes.ts';
import { checkPodSecurity } from './checks/pod-security.ts';
import { checkPorts } from './checks/ports.ts';
import { checkProbes } from './checks/probes.ts';
import { checkRights, unread } from './checks/rights.ts';
import { checkRules } from './checks/rules.ts';
import { checkServers } from './checks/servers.ts';
import { checkVersions } from './checks/versions.ts';
import { isAgent } from './cluster.ts';
import type { AgentReading, Cluster } from './cluster.ts';
import { bySeverity } from './finding.ts';
import type { Finding } from './finding.ts';
import { outsideOf } from './scheduling.ts';

const CHECKS: readonly ((cluster: Cluster) => readonly Finding[])[] = [
  checkNodes,
  checkRules,
  checkAddresses,
  checkContainerCredentials,
  checkConnections,
  checkServers,
  checkVersions,
  checkPorts,
  checkLeftovers,
  checkKubeProxy,
  checkPodSecurity,
  checkProbes,
  checkRights,
];

/** What doctor found. Also the JSON of `doctor`. */
export interface Diagnosis {
  readonly nodes: readonly NodeRow[];
  /** The worst first. */
  readonly findings: readonly Finding[];
  /** True if no finding is an error. */
  readonly healthy: boolean;
  /** False: something could not be read, and was not checked. */
  readonly complete: boolean;
  /** One line. */
  readonly verdict: string;
}

/** One node in the table. Words in capitals are faults. */
export interface NodeRow {
  readonly node: string;
  /** Its version, or what is wrong. */
  readonly agent: string;
  readonly rules: string;
  readonly imdsv1: string;
  readonly addresses: string;
  readonly feed: string;
  readonly certificate: string;
  readonly ports: string;
  /** How many errors and warnings are about the node. */
  readonly findings: number;
}

export function diagnose(cluster: Cluster): Diagnosis {
  const findings = CHECKS.flatMap((check) => check(cluster)).toSorted(bySeverity);
  const nodes = rowsOf(cluster, findings);
  return {
    nodes,
    findings,
    healthy: !findings.some(({ severity }) => severity === 'error'),
    complete: unread(cluster).length === 0,
    verdict: verdictOf(cluster, findings),
  };
}

function rowsOf(cluster: Cluster, findings: readonly Finding[]): readonly NodeRow[] {
  const readings = Map.groupBy(cluster.agents, ({ node }) => node);
  const nodes = new Map((valueOf(cluster.nodes) ?? []).map((node) => [node.metadata?.name ?? '', node]));
  const all = [...new Set([...nodes.keys(), ...readings.keys()])].toSorted();
  const serious = findings.filter(({ severity }) => severity !== 'info');
  const counts = Map.groupBy(serious, ({ node }) => node);
  const withPod = new Set((valueOf(cluster.pods) ?? []).filter(isAgent).map(({ spec }) => spec?.nodeName));
  return all.map((node) => {
    const known = nodes.get(node);
    const own = readings.get(node) ?? [];
    const answered = own.find(({ status }) => valueOf(status) !== undefined);
    const isOutside = known !== undefined && outsideOf(known) !== undefined;
    const absent = 'fault' in cluster.pods ? '?' : isOutside ? 'none' : 'NONE';
    const silent = 'fault' in cluster.status ? 'not asked' : 'NO ANSWER';
    return {
      ...rowOf(node, answered?.status, own.length > 0 || withPod.has(node) ? silent : absent),
      findings: counts.get(node)?.length ?? 0,
    };
  });
}

/** `instead`: what is said of an agent that did not answer. */
function rowOf(
  node: string,
  answer: AgentReading['status'] | undefined,
  instead: string,
): Omit<NodeRow, 'findings'> {
  const status = valueOf(answer);
  if (status === undefined)
    return {
      node,
      agent: instead,
      rules: '?',
      imdsv1: '?',
      addresses: '?',
      feed: '?',
      certificate: '?',
      ports: '?',
    };
  return {
    node,
    agent: status.version ?? 'unknown version',
    rules: rulesText(status),
    imdsv1:
      status.interception.nodeImdsv1Open === undefined
        ? '?'
        : status.interception.nodeImdsv1Open
          ? 'OPEN'
          : 'closed',
    addresses: status.addresses.source === 'pod-status' ? 'POD STATUS' : (status.addresses.source ?? '?'),
    feed: feedText(status),
    certificate: certificateText(status),
    ports: portsText(status),
  };
}

function rulesText({ interception: { layers, readerConnected } }: AgentStatus): string {
  const lost = Object.keys(layers).filter((layer) => layers[layer] === false);
  if (lost.length > 0) return `LOST: ${lost.join(',')}`;
  if (Object.keys(layers).length === 0) return '?';
  return readerConnected === false ? 'ok, as last known' : 'ok';
}

function feedText({ server, mode }: AgentStatus): string {
  if (server === undefined) return mode === 'firewall' ? 'not needed' : '?';
  const { connected, sinceSeconds = 0, staleSeconds = 0 } = server.feed;
  if (connected === undefined) return '?';
  return connected
    ? roughly(sinceSeconds * 1000)
    : `LOST ${roughly(Math.max(staleSeconds, sinceSeconds) * 1000)}`;
}

function certificateText({ server }: AgentStatus): string {
  const seconds = server?.certificate.remainingSeconds;
  if (seconds === undefined) return '?';
  return seconds <= 0 ? 'EXPIRED' : roughly(seconds * 1000);
}

function portsText({ ports: { held, foreignListeners } }: AgentStatus): string {
  if (held.length > 0) return 'IN USE';
  if (foreignListeners === undefined) return '?';
  return foreignListeners.length > 0 ? 'FOREIGN' : 'ok';
}

function verdictOf(cluster: Cluster, findings: readonly Finding[]): string {
  const count = (severity: Finding['severity']) => findings.filter((one) => one.severity === severity).length;
  const [errors, warnings] = [count('error'), count('warning')];
  const closed = closedText(cluster);
  if (errors > 0) return `${plural(errors, 'error')} and ${plural(warnings, 'warning')}; ${closed}`;
  return warnings > 0 ? `no errors, ${plural(warnings, 'warning')}; ${closed}` : `all is well; ${closed}`;
}

/** A node counts as closed only if its agent says that a layer denies. Nodes on which no agent can run do not count. */
function closedText({ nodes, agents }: Cluster): string {
  const outside = (valueOf(nodes) ?? []).filter((node) => outsideOf(node) !== undefined).length;
  const closed = agents.filter(({ status }) => {
    const layers = valueOf(status)?.interception.layers ?? {};
    return ['nat', 'filter', 'route'].some((layer) => layers[layer] === true);
  });
  const proven = new Set(closed.map(({ node }) => node)).size;
  const all = valueOf(nodes)?.length ?? new Set(agents.map(({ node }) => node)).size;
  const possible = Math.max(proven, all - outside);
  return possible === 0
    ? 'no node is proven closed to Pods'
    : `${proven} of ${possible} nodes proven closed to Pods`;
}

function plural(many: number, noun: string): string {
  return `${many} ${noun}${many === 1 ? '' : 's'}`;
}
