import type { Clock, ReadyCheck, StatusAnswer } from '@rolegate/runtime';
import { VERSION } from '@rolegate/runtime';
import type { AgentConfig } from '../config/config.ts';
import type { LimitCounts } from '../pod-http/limit-hits.ts';
import type { PodLoad } from '../pod-http/pod-server.ts';
import type { OtherMetadata } from '../node-imds/other-metadata.ts';
import type { AgentPorts } from '../ports/agent-ports.ts';
import { createAddresses } from './addresses.ts';
import { agentStatusText } from './agent-status-text.ts';
import type { AgentStatus } from './agent-status-text.ts';
import type { Surroundings } from './answers-now.ts';
import { createExplain } from './explain.ts';
import { createPodRows } from './pod-row.ts';
import type { PodRow } from './pod-row.ts';
import type { ModeReadings, NodeReadings } from './readings.ts';
import { serverFacts } from './server-facts.ts';
import { credentialsFacts } from './token-answers.ts';
import type { CredentialsReadings } from './token-answers.ts';

export interface AgentStatusDeps {
  readonly config: AgentConfig;
  readonly mode: ModeReadings;
  readonly node: NodeReadings;
  readonly ports: Pick<AgentPorts, 'held'>;
  readonly other: Pick<OtherMetadata, 'readable'>;
  /** Undefined: container credentials are not served. */
  readonly credentials: CredentialsReadings | undefined;
  readonly checks: readonly ReadyCheck[];
  readonly clock: Clock;
  readonly load: () => PodLoad;
  /** How often each limit was met since the agent started. */
  readonly limits: () => LimitCounts;
  /** What a Pod has requested credentials with, by its UID. */
  readonly clientsOf: (uid: string) => readonly string[];
}

/** The status of the agent, of one Pod or of one address. Never contains a secret or token. */
export function createAgentStatus(deps: AgentStatusDeps): (asked: URLSearchParams) => StatusAnswer {
  const { config, mode, node, other, credentials, clock, clientsOf } = deps;
  const startedMs = clock.monotonic();
  const around = (): Surroundings => ({
    imdsv1: config.imdsv1,
    groups: config.metadataGroups,
    other,
    session: mode.session,
    monotonicMs: clock.monotonic(),
    nowMs: clock.now(),
  });
  const addresses = createAddresses({ ...mode, cniResults: node.cniResults });
  const feedConnected = () => mode.server?.feed.connected ?? true;
  const rowOf = createPodRows({ around, ipsOf: addresses.ipsOf, clientsOf, feedConnected, credentials });
  const missing = () => missingOf(mode);
  const explain = createExplain({
    node: config.nodeName,
    addresses,
    pods: mode.pods,
    rowOf,
    around,
    missing,
    credentials,
  });

  function whole(): AgentStatus {
    return {
      version: VERSION,
      node: config.nodeName,
      mode: config.mode,
      uptimeSeconds: Math.floor((clock.monotonic() - startedMs) / 1000),
      notReady: deps.checks.flatMap(faultOf),
      server: mode.server && serverFacts(mode.server, clock),
      interception: interceptionOf(node),
      ports: { held: deps.ports.held(), foreignListeners: node.reconcile?.foreignListeners() },
      containerCredentials: credentials && credentialsFacts(credentials),
      addresses: {
        source: mode.source(),
        directories: node.cniResults.states(),
        awaited: node.cniResults.awaited,
      },
      sessions: sessionsOf(mode),
      load: deps.load(),
      limits: deps.limits(),
      pods: mode.pods().map(rowOf).sort(byName),
    };
  }

  return (asked) => {
    const explained = explain(asked);
    if (explained !== undefined) return explained;
    const value = whole();
    return { found: true, value, text: agentStatusText(value) };
  };
}

function faultOf(check: ReadyCheck): readonly string[] {
  const outcome = check.informative === true || check.ready();
  return outcome === true ? [] : [`${check.name}: ${outcome === false ? 'not ready' : outcome}`];
}

function missingOf({ server }: ModeReadings): string {
  if (server === undefined) return 'nothing: --mode firewall refuses all Pods';
  if (!server.synced()) return "the first feed, which lists this node's Pods";
  return server.feed.connected
    ? 'the feed, which is synced and does not list it'
    : 'the feed, which is lost: Pods created since are not known';
}

function interceptionOf({ reconcile }: NodeReadings): AgentStatus['interception'] {
  const known = reconcile?.interception.lastKnown();
  return {
    readerConnected: reconcile?.connected(),
    layers: known?.layers ?? {},
    connectionsLimited: known?.connectionsLimited,
    nodeImdsv1Open: reconcile?.imdsv1Open(),
    foreignRules: known?.foreignRules,
    unmatchedInterfaces: known?.unmatchedInterfaces,
    repairs: Object.fromEntries(Object.entries(known?.repairs ?? {}).filter(([, count]) => count > 0)),
  };
}

function sessionsOf({ cachedSessions }: ModeReadings): AgentStatus['sessions'] {
  const remaining = cachedSessions().map(({ remainingMs }) => remainingMs);
  const leastRemainingMinutes =
    remaining.length === 0 ? undefined : Math.floor(Math.min(...remaining) / 60_000);
  return { held: remaining.length, leastRemainingMinutes };
}

function byName(a: PodRow, b: PodRow): number {
  return `${a.namespace}/${a.name}`.localeCompare(`${b.namespace}/${b.name}`);
}
