import { describeError } from '@rolegate/runtime';
import type { Clock, Log, ReadyCheck } from '@rolegate/runtime';
import { createCallers } from '../addresses/callers.ts';
import type { Callers } from '../addresses/callers.ts';
import type { CniResults } from '../addresses/cni-results.ts';
import type { ServingState } from '../container-credentials/serving-state.ts';
import { knownPod } from '../feed/apply-update.ts';
import type { FeedClient } from '../feed/feed-client.ts';
import type { KnownPod } from '../feed/table/known-pod.ts';
import { createPodTable } from '../feed/table/pod-table.ts';
import type { PodTable } from '../feed/table/pod-table.ts';
import { createReporter } from '../feed/report.ts';
import type { ServerConnections } from '../feed/server-connections.ts';
import type { Identity } from '../identity/identity.ts';
import type { AgentMemory } from '../memory/memory.ts';
import type { AgentState } from '../state/agent-state.ts';
import { savedTable } from '../state/saved-state.ts';
import type { AgentMode } from './agent-mode.ts';
import { followFeed, openIdentity } from './roles-servers.ts';
import type { RolesServersDeps } from './roles-servers.ts';
import { reportServing, tokenSources } from './token-sources.ts';

export interface RolesModeDeps extends RolesServersDeps {
  /** Whether the agent serves container credentials. */
  readonly serving: ServingState;
  readonly cniResults: CniResults;
  readonly state: Pick<AgentState, 'kept' | 'added' | 'withdrawn' | 'write'>;
  readonly memory: AgentMemory;
}

/** Pods get the roles that a server decides. Throws if a configured certificate, key or CA is invalid. */
export function createRolesMode(deps: RolesModeDeps, signal: AbortSignal): AgentMode {
  const { config, cniResults, interception, serving, metrics, memory, state, clock, log } = deps;
  // Called when a certificate is renewed, long after the connections exist.
  const feedConnection = () => servers.ready();
  const identity = openIdentity({ ...deps, feedConnection }, signal);
  const table = createPodTable({ clock, log, withdrawn: state.withdrawn, memory });
  if (state.kept.table) table.restore(state.kept.table);
  const hadResults = new Set(state.kept.table?.named);
  const containerCredentials = reportServing(deps, () => feed);
  const followed = followFeed(deps, { identity, table, containerCredentials });
  const { feed, servers, skew, service } = followed;
  const reporter = createReporter({
    send: feed.report,
    asked: table.sessionAsked,
    interception,
    serving: containerCredentials?.serving,
    clock,
  });
  serving.onChange(reporter.servingChanged);
  const callers = createCallers({
    table,
    cniResults,
    metrics,
    memory,
    clock,
    log,
    nodeIps: config.hostIps,
    staleIpMs: config.staleIpMs,
    hadResults,
    feedLostSinceMs: () => feed.lostSinceMs,
  });
  metrics.read(metricReadings({ feed, table, identity, skewMs: skew.latestMs, clock }));
  for (const { onChange } of [table, cniResults]) onChange(state.added);
  const hasResults = (pod: KnownPod) => cniResults.names(pod) || hadResults.has(pod.uid);
  const resolveIp = createIpResolver({ callers, servers, table, log });

  return {
    callers,
    table,
    reporter,
    isNamed: table.isNamed,
    readings: {
      pods: table.pods,
      session: table.session,
      cachedSessions: table.cachedSessions,
      peek: callers.peek,
      source: () => callers.source,
      server: { feed, identity, synced: () => table.synced, skewMs: skew.latestMs },
    },
    tokenSources: containerCredentials && tokenSources(containerCredentials.issuerKeys, followed),
    onUnknownIp: (ip, requestId) => void resolveIp(ip, requestId),
    canAnswer: () => table.synced,
    kept: () => ({
      certificate: identity.kept(),
      issuerKeys: containerCredentials?.issuerKeys.kept(),
      table: savedTable({ table, feed, hasResults, claims: cniResults.kept, clock }),
    }),
    checks: checksOf({ table, feed, identity, callers }),
    services: [
      ...identity.services,
      service,
      { name: 'reports', run: reporter.run },
      { name: 'callers', run: callers.run },
      ...(containerCredentials ? [{ name: 'issuer keys', run: containerCredentials.issuerKeys.run }] : []),
    ],
  };
}

/** Asks the server about an address that no CNI result names: it may already know it from Pod status. Never rejects. */
function createIpResolver({
  callers,
  servers,
  table,
  log,
}: {
  readonly callers: Pick<Callers, 'source'>;
  readonly servers: Pick<ServerConnections, 'resolve'>;
  readonly table: Pick<PodTable, 'setPod'>;
  readonly log: Log;
}): (ip: string, requestId: string) => Promise<void> {
  return async (ip, requestId) => {
    if (callers.source !== 'pod-status') return;
    try {
      const state = await servers.resolve(ip, requestId);
      if (state?.resourceVersions) table.setPod(knownPod(state), state.resourceVersions);
    } catch (error) {
      const reason = 'ServerUnavailable';
      log.debug('cannot resolve address to Pod', { requestId, ip, reason, error: describeError(error) });
    }
  };
}

interface Parts {
  readonly table: PodTable;
  readonly feed: FeedClient;
  readonly identity: Identity;
}

function checksOf({
  table,
  feed,
  identity,
  callers,
}: Parts & { readonly callers: Pick<Callers, 'source'> }): readonly ReadyCheck[] {
  return [
    {
      name: 'table',
      ready: () => table.synced || "no feed has been synced yet, so this node's Pods are not known",
    },
    { name: 'feed', informative: true, ready: () => feed.connected || 'no server is connected' },
    identity.check,
    {
      name: 'addresses',
      informative: true,
      ready: () => callers.source === 'cni' || 'CNI results unusable: Pod status is used',
    },
  ];
}

function metricReadings({
  feed,
  table,
  identity,
  skewMs,
  clock,
}: Parts & { readonly skewMs: () => number; readonly clock: Clock }) {
  return {
    feedConnected: () => feed.connected,
    feedStaleSeconds: () =>
      feed.lostSinceMs === undefined ? 0 : (clock.monotonic() - feed.lostSinceMs) / 1000,
    sessions: () => ({ held: table.cachedSessions().length }),
    minRemainingSeconds: () => minRemainingSeconds(table),
    certificateExpirySeconds: identity.secondsLeft,
    clockSkewSeconds: () => skewMs() / 1000,
  };
}

function minRemainingSeconds(table: PodTable): number | undefined {
  const remaining = table.cachedSessions().map(({ remainingMs }) => remainingMs / 1000);
  return remaining.length === 0 ? undefined : Math.min(...remaining);
}
