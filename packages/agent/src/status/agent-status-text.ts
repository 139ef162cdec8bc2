import { formatHostPort, roughly, textFacts, textTable } from '@rolegate/runtime';
import type { HostPort } from '@rolegate/runtime';
import { layers } from '../interception/rules/rule.ts';
import type { LimitCounts } from '../pod-http/limit-hits.ts';
import type { PodLoad } from '../pod-http/pod-server.ts';
import type { ForeignListener } from '../ports/foreign-listeners.ts';
import type { PodRow } from './pod-row.ts';
import { serverFactLines } from './server-facts.ts';
import type { ServerFacts } from './server-facts.ts';
import { credentialsFactLines } from './token-answers.ts';
import type { CredentialsFacts } from './token-answers.ts';

/** The output of `rolegate-agent status --json`. Fields are never removed. */
export interface AgentStatus {
  readonly version: string;
  readonly node: string;
  readonly mode: 'roles' | 'firewall';
  readonly uptimeSeconds: number;
  /** What is not ready, and why. */
  readonly notReady: readonly string[];
  /** Undefined: the mode needs no server. */
  readonly server: ServerFacts | undefined;
  readonly interception: {
    /** Undefined: the agent has no --cni-socket. */
    readonly readerConnected: boolean | undefined;
    /** As last known; a layer that was never checked is absent. */
    readonly layers: Readonly<Record<string, boolean>>;
    /** False: the node cannot limit new connections. Undefined: not known. */
    readonly connectionsLimited: boolean | undefined;
    readonly nodeImdsv1Open: boolean | undefined;
    /** Rules of others for a metadata address, and entries of --host-interface that match none. Undefined: not known. */
    readonly foreignRules: number | undefined;
    readonly unmatchedInterfaces: number | undefined;
    /** By layer, since reconcile started; zeros are left out. */
    readonly repairs: Readonly<Record<string, number>>;
  };
  readonly ports: {
    /** Ports in use by a process of another user; the agent acquires them when that process ends. */
    readonly held: readonly HostPort[];
    /** Undefined: not known. */
    readonly foreignListeners: readonly ForeignListener[] | undefined;
  };
  /** Undefined: the agent does not serve them. */
  readonly containerCredentials: CredentialsFacts | undefined;
  readonly addresses: {
    readonly source: 'cni' | 'pod-status';
    readonly directories: Readonly<Record<string, string>>;
    readonly awaited: string | undefined;
  };
  readonly sessions: { readonly held: number; readonly leastRemainingMinutes: number | undefined };
  /** Current load by Pods. */
  readonly load: PodLoad;
  /** How often each limit was met since the agent started; zeros are left out. */
  readonly limits: LimitCounts;
  readonly pods: readonly PodRow[];
}

/** For people: faults are in capitals. */
export function agentStatusText(status: AgentStatus): string {
  const { sessions, pods, notReady, load } = status;
  const least = sessions.leastRemainingMinutes;
  const facts = textFacts([
    ['rolegate-agent', `${status.version}, up for ${roughly(status.uptimeSeconds * 1000)}`],
    ['node', status.node],
    ['mode', status.mode],
    ['ready', notReady.length === 0 ? 'yes' : `NO: ${notReady.join('; ')}`],
    ...(status.server === undefined ? [] : serverFactLines(status.server)),
    ['interception', interceptionText(status.interception)],
    ['ports', portsText(status.ports)],
    ...credentialsFactLines(status.containerCredentials),
    ['addresses', addressesText(status.addresses)],
    ['Pods', `${pods.length}, ${pods.filter(({ state }) => state === 'ok').length} ok`],
    ['requests', `${load.connections} connections, ${load.waiting} requests waiting`],
    ['limits met', limitsText(status.limits)],
    [
      'sessions',
      `${sessions.held} cached${least === undefined ? '' : `, shortest remaining lifetime ${least} min`}`,
    ],
  ]);
  return pods.length === 0 ? facts : `${facts}\n${podTable(pods)}`;
}

function limitsText(limits: AgentStatus['limits']): string {
  const met = Object.entries(limits).map(([limit, count]) => `${limit} ${count}`);
  return met.length === 0 ? 'none' : met.join(', ');
}

function interceptionText({
  readerConnected,
  layers: states,
  connectionsLimited,
  nodeImdsv1Open,
}: AgentStatus['interception']): string {
  if (readerConnected === undefined) return 'unknown (no --cni-socket)';
  // Without container credentials there is no link.
  const shown = layers.filter((layer) => layer !== 'link' || layer in states);
  const words = shown.map(
    (layer) => `${layer} ${layer in states ? (states[layer] === true ? 'ok' : 'BROKEN') : 'unknown'}`,
  );
  return [
    ...words,
    ...(connectionsLimited === false ? ['new connections are NOT LIMITED'] : []),
    ...(readerConnected ? [] : ['as last known: reconcile is UNAVAILABLE']),
    ...(nodeImdsv1Open === true ? ['the node ALLOWS IMDSv1'] : []),
  ].join(', ');
}

function portsText({ held, foreignListeners }: AgentStatus['ports']): string {
  const waits = held.map((at) => `${formatHostPort(at)} is IN USE by another user`);
  if (foreignListeners === undefined) return [...waits, 'foreign listeners unknown'].join(', ');
  const foreign = foreignListeners.map(
    ({ address, port, uid }) => `FOREIGN LISTENER on ${formatHostPort({ host: address, port })} (UID ${uid})`,
  );
  return [...waits, ...(foreign.length === 0 ? ['no foreign listeners'] : foreign)].join(', ');
}

function addressesText({ source, directories, awaited }: AgentStatus['addresses']): string {
  const states = Object.entries(directories).map(([directory, state]) => `${directory} ${state}`);
  const waits = awaited === undefined ? [] : [`waiting for ${awaited}`];
  return [`from ${source === 'cni' ? 'cni' : 'pod-status (the fallback)'}`, ...states, ...waits].join(', ');
}

function podTable(pods: readonly PodRow[]): string {
  const head = ['POD', 'STATE', 'MIN', 'KEY', 'ROLE', 'SESSION', 'IPS', 'METADATA', 'UID', 'NOTE'];
  const rows = pods.map((pod) => [
    `${pod.namespace}/${pod.name}`,
    pod.state,
    pod.remainingMinutes === undefined ? '' : String(pod.remainingMinutes),
    pod.accessKeyId ?? '',
    pod.role ?? '',
    pod.sessionName ?? '',
    pod.ips.join(','),
    pod.metadata === undefined ? 'denied' : pod.metadata.join(','),
    pod.uid,
    pod.note ?? '',
  ]);
  return textTable(head, rows);
}
