import type { AgentReport } from '@rolegate/protocol';
import { aborted, createBackoff, describeError, VERSION } from '@rolegate/runtime';
import type { Clock, HostPort, Log } from '@rolegate/runtime';
import { createCallers } from '../addresses/callers.ts';
import type { CniResults } from '../addresses/cni-results.ts';
import type { AgentMode } from './agent-mode.ts';
import type { RolesConfig } from '../config/config.ts';
import { applyUpdate, knownPod } from '../feed/apply-update.ts';
import { createClockSkew } from '../feed/clock-skew.ts';
import { createFeedClient } from '../feed/feed-client.ts';
import type { FeedClient } from '../feed/feed-client.ts';
import type { InterceptionReport } from '../feed/interception-report.ts';
import type { KnownPod } from '../feed/known-pod.ts';
import { createPodTable } from '../feed/pod-table.ts';
import type { PodTable } from '../feed/pod-table.ts';
import { createReporter } from '../feed/report.ts';
import { createServerAddresses } from '../feed/server-addresses.ts';
import { createServerConnections, lookupAll } from '../feed/server-connections.ts';
import { createAttestedIdentity } from '../identity/attested-identity.ts';
import type { AttestedIdentityDeps } from '../identity/attested-identity.ts';
import { createFilesIdentity } from '../identity/files-identity.ts';
import type { Identity } from '../identity/identity.ts';
import { credentialsDocument } from '../imds-documents/credentials-document.ts';
import type { Tokens } from '../imds-tokens/tokens.ts';
import type { AgentMemory } from '../memory/memory.ts';
import type { createAgentMetrics } from '../metrics/metrics.ts';
import type { AgentState } from '../state/agent-state.ts';
import { keptTable } from '../state/saved-table.ts';

/** Pauses between attempts to open a feed (DESIGN.md 4.5). */
const FEED_BACKOFF = { firstMs: 100, capMs: 5_000 };

export interface RolesModeDeps {
  readonly config: RolesConfig;
  readonly cniResults: CniResults;
  /** Undefined: nobody tells the agent how the interception stands. */
  readonly interception: InterceptionReport | undefined;
  readonly tokens: Pick<Tokens, 'setKeys'>;
  readonly state: Pick<AgentState, 'kept' | 'added' | 'withdrawn' | 'write'>;
  readonly metrics: ReturnType<typeof createAgentMetrics>;
  readonly memory: AgentMemory;
  readonly clock: Clock;
  readonly log: Log;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** Pods get the roles that a server tells of. Throws where a certificate, key or CA that is given cannot be worked with. */
export function createRolesMode(deps: RolesModeDeps, signal: AbortSignal): AgentMode {
  const { config, cniResults, interception, metrics, memory, state, clock, log } = deps;
  // Asked when a certificate is renewed, long after the connections are there.
  const feedConnection = () => servers.ready();
  const identity = identify({ ...deps, feedConnection }, signal);
  const table = createPodTable({ clock, log, withdrawn: state.withdrawn, memory });
  if (state.kept.table) table.restore(state.kept.table);
  const hadResults = new Set(state.kept.table?.named);
  const { feed, servers, skewMs } = followFeed(deps, { identity, table });
  const reporter = createReporter({ send: feed.report, asked: table.sessionAsked, interception, clock });
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
    feedAwaySinceMs: () => feed.awaySinceMs,
  });
  metrics.read({
    ...feedReadings(feed, clock),
    sessions: () => ({ held: table.heldSessions().length }),
    minRemainingSeconds: () => minRemainingSeconds(table),
    certificateExpirySeconds: identity.secondsLeft,
    clockSkewSeconds: () => skewMs() / 1000,
  });

  for (const { onChange } of [table, cniResults]) onChange(state.added);
  const hasResults = (pod: KnownPod) => cniResults.names(pod) || hadResults.has(pod.uid);

  /** Where no CNI result names an address, the server may know it from a Pod's status already. */
  async function resolveIp(ip: string, requestId: string): Promise<void> {
    if (callers.source !== 'pod-status') return;
    try {
      const state = await servers.resolve(ip, requestId);
      if (state?.resourceVersions) table.setPod(knownPod(state), state.resourceVersions);
    } catch (error) {
      const reason = 'ServerUnavailable';
      log.debug('address not resolved', { requestId, ip, reason, error: describeError(error) });
    }
  }

  return {
    callers,
    table,
    reporter,
    isNamed: table.isNamed,
    readings: {
      pods: table.pods,
      session: table.session,
      heldSessions: table.heldSessions,
      peek: callers.peek,
      source: () => callers.source,
      server: { feed, identity, synced: () => table.synced },
    },
    onUnknownIp: (ip, requestId) => void resolveIp(ip, requestId),
    canAnswer: () => table.synced,
    kept: () => ({
      certificate: identity.kept(),
      table: keptTable({ table, feed, hasResults, claims: cniResults.kept, clock }),
    }),
    checks: [
      { name: 'table', ready: () => table.synced || 'no server has told of the Pods of this node yet' },
      { name: 'feed', informative: true, ready: () => feed.connected || 'no server is connected' },
      identity.check,
      {
        name: 'addresses',
        informative: true,
        ready: () => callers.source === 'cni' || 'no CNI results: the status of Pods counts',
      },
    ],
    services: [
      ...identity.services,
      { name: 'feed', run: (group) => runWhen(identity.first, { run: feed.run, signal: group }) },
      { name: 'reports', run: reporter.run },
      { name: 'callers', run: callers.run },
    ],
  };
}

function identify(
  {
    config,
    metrics,
    state,
    clock,
    log,
    random,
    feedConnection,
  }: RolesModeDeps & Pick<AttestedIdentityDeps, 'feedConnection'>,
  signal: AbortSignal,
): Identity {
  const { tls, nodeName, serverName, serverAddresses, attestAddresses } = config;
  if (tls.kind === 'files') return createFilesIdentity({ tls, clock, log }, signal);
  // In an order of its own: it takes no turn from the feed.
  const portAt = (servers: readonly HostPort[]) => ({
    servers,
    addresses: createServerAddresses({ servers, lookup: lookupAll, random }),
  });
  return createAttestedIdentity(
    {
      tls,
      nodeName,
      serverName,
      ports: { attestation: portAt(attestAddresses), feed: portAt(serverAddresses) },
      feedConnection,
      attested: metrics.attested,
      kept: state.kept.certificate,
      renewed: state.write,
      clock,
      log,
      random,
    },
    signal,
  );
}

function followFeed(
  { config, interception, tokens, state, clock, log, random }: RolesModeDeps,
  { identity, table }: { identity: Identity; table: PodTable },
) {
  const servers = createServerConnections({
    tls: identity.tls,
    serverName: config.serverName,
    callMetadata: identity.callMetadata,
  });
  const skew = createClockSkew({ log });
  const feed = createFeedClient({
    addresses: createServerAddresses({ servers: config.serverAddresses, lookup: lookupAll, random }),
    open: servers.open,
    firstReport: () => ({
      nodeName: config.nodeName,
      version: VERSION,
      heldSessions: table.reportedSessions().map(({ id, ...held }) => ({ sessionId: id, ...held })),
      ...(interception && { interception: interception.first() ?? null }),
      newestSeen: table.newestSeen(),
      ...forgotten(table),
    }),
    beginSnapshot: table.beginSnapshot,
    forget: table.forget,
    awaySinceMs: state.kept.table?.feedThereMs,
    apply: (update) => {
      applyUpdate(update, { table, clock, buildDocument: credentialsDocument, setTokenKeys: tokens.setKeys });
    },
    clockSkew: skew.measured,
    backoff: createBackoff({ ...FEED_BACKOFF, random }),
    clock,
    log,
  });
  return { feed, servers, skewMs: skew.latestMs };
}

function forgotten(table: PodTable): Pick<AgentReport, 'forgotMs'> {
  const forgotMs = table.forgotMs();
  return forgotMs === undefined ? {} : { forgotMs: Math.floor(forgotMs) };
}

/** Without anything to show to a server there is nothing to be tried. */
async function runWhen(
  first: Promise<unknown>,
  { run, signal }: { run: FeedClient['run']; signal: AbortSignal },
): Promise<void> {
  await Promise.race([first, aborted(signal)]);
  await run(signal);
}

function feedReadings(feed: FeedClient, clock: Clock) {
  return {
    feedConnected: () => feed.connected,
    feedStaleSeconds: () =>
      feed.awaySinceMs === undefined ? 0 : (clock.monotonic() - feed.awaySinceMs) / 1000,
  };
}

function minRemainingSeconds(table: PodTable): number | undefined {
  const remaining = table.heldSessions().map(({ remainingMs }) => remainingMs / 1000);
  return remaining.length === 0 ? undefined : Math.min(...remaining);
}
