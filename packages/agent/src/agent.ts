import { randomBytes } from 'node:crypto';
import { createClientCredentials, watchTlsFiles } from '@rolegate/protocol';
import type { TlsSource } from '@rolegate/protocol';
import { aborted, createBackoff, createOpsServer, describeError, runGroup, VERSION } from '@rolegate/runtime';
import type { Clock, Log, Service } from '@rolegate/runtime';
import { createCallers } from './addresses/callers.ts';
import { createCniResults } from './addresses/cni-results.ts';
import { createAnswerMetrics } from './answer-metrics.ts';
import type { AgentConfig } from './config.ts';
import { applyUpdate, knownPod } from './feed/apply-update.ts';
import { createFeedClient } from './feed/feed-client.ts';
import { createPodTable } from './feed/pod-table.ts';
import type { PodTable } from './feed/pod-table.ts';
import { createReporter } from './feed/report.ts';
import { createServerAddresses } from './feed/server-addresses.ts';
import { createServerConnections, lookupAll } from './feed/server-connections.ts';
import { parseAllowPaths } from './metadata/allow-path.ts';
import { credentialsDocument } from './metadata/credentials-document.ts';
import { metadataHosts } from './metadata/host-check.ts';
import { createNodeImds } from './metadata/node-imds.ts';
import { createOtherMetadata } from './metadata/other-metadata-reader.ts';
import { createMetadataServer } from './metadata/server.ts';
import { createTokens } from './metadata/tokens.ts';
import type { Tokens } from './metadata/tokens.ts';
import { createAgentMetrics } from './metrics.ts';

/** Pauses between attempts to open a feed (DESIGN.md 4.5). */
const FEED_BACKOFF = { firstMs: 100, capMs: 5_000 };

type Metrics = ReturnType<typeof createAgentMetrics>;

export interface AgentDeps {
  readonly config: AgentConfig;
  readonly clock: Clock;
  readonly log: Log;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** Builds the agent and runs it until the signal aborts. Throws where the configuration cannot be worked with. */
export async function runAgent(deps: AgentDeps, signal: AbortSignal): Promise<void> {
  const { config, clock, log } = deps;
  // The parts live longer than the signal: what was accepted is answered before they stop.
  const parts = new AbortController();
  const metrics = createAgentMetrics({ version: VERSION });
  const { certFile: cert, keyFile: key, caFile: ca } = config.tls;
  const tls = watchTlsFiles({
    files: { cert, key, ca },
    purpose: 'client',
    clock,
    log,
    signal: parts.signal,
  });
  const table = createPodTable({ clock, log });
  const tokens = createTokens({ clock, randomBytes });
  const { feed, servers, skewMs } = followFeed(deps, { tls, table, tokens });
  const reporter = createReporter({ send: feed.report, clock });
  const { callers, cniResults } = knowCallers(deps, {
    table,
    metrics,
    feedAwaySinceMs: () => feed.awaySinceMs,
  });

  /** Where no CNI result names an address, the server may know it from a Pod's status already. */
  async function resolveIp(ip: string): Promise<void> {
    if (callers.source !== 'pod-status') return;
    try {
      const state = await servers.resolve(ip);
      if (state?.resourceVersions) table.setPod(knownPod(state), state.resourceVersions);
    } catch (error) {
      log.debug('address not resolved', { ip, reason: 'ServerUnavailable', error: describeError(error) });
    }
  }

  const { other, imds } = readOtherMetadata(deps);
  const metadata = createMetadataServer({
    callers,
    table,
    tokens,
    other,
    clock,
    log,
    metrics: createAnswerMetrics({ metrics, reporter }),
    randomBytes,
    onUnknownIp: (ip) => void resolveIp(ip),
    settings: {
      hosts: [...metadataHosts, ...config.metadataHosts],
      imdsv1: config.imdsv1,
      holdMs: config.holdMs,
      holdGoMs: config.holdGoMs,
      groups: config.metadataGroups,
    },
  });
  const ops = createOpsServer({
    registry: metrics.registry,
    checks: [
      { name: 'table', ready: () => table.synced || 'no server has told of the Pods of this node yet' },
      { name: 'feed', informative: true, ready: () => feed.connected || 'no server is connected' },
      {
        name: 'addresses',
        informative: true,
        ready: () => callers.source === 'cni' || 'no CNI results: the status of Pods counts',
      },
    ],
  });
  metrics.read({
    feedConnected: () => feed.connected,
    feedStaleSeconds: () =>
      feed.awaySinceMs === undefined ? 0 : (clock.monotonic() - feed.awaySinceMs) / 1000,
    sessions: () => ({ held: table.heldSessions().length }),
    minRemainingSeconds: () => minRemainingSeconds(table),
    certificateExpirySeconds: tls.secondsLeft,
    clockSkewSeconds: () => skewMs() / 1000,
  });

  const serving: Service = {
    name: 'metadata',
    async run(group) {
      await aborted(AbortSignal.any([signal, group]));
      log.info('agent stopping');
      await metadata.close();
      parts.abort();
    },
  };
  const services = [
    serving,
    { name: 'feed', run: feed.run },
    { name: 'reports', run: reporter.run },
    { name: 'CNI results', run: cniResults.run },
    { name: 'callers', run: callers.run },
  ];
  try {
    await ops.listen(config.opsListen.host, config.opsListen.port);
    for (const ip of config.hostIps) await metadata.listen(ip, config.port);
    log.info('agent listening', {
      addresses: config.hostIps,
      port: config.port,
      version: VERSION,
    });
    await runGroup(services, parts.signal);
  } finally {
    parts.abort();
    await metadata.close();
    imds.close();
    await ops.close();
    log.info('agent stopped');
  }
}

function followFeed(
  { config, clock, log, random }: AgentDeps,
  { tls, table, tokens }: { tls: TlsSource; table: PodTable; tokens: Tokens },
) {
  const servers = createServerConnections({
    credentials: createClientCredentials(tls),
    serverName: config.serverName,
  });
  let skewMs = 0;
  const feed = createFeedClient({
    addresses: createServerAddresses({ servers: config.serverAddresses, lookup: lookupAll, random }),
    open: servers.open,
    firstReport: () => ({
      nodeName: config.nodeName,
      version: VERSION,
      heldSessions: table.heldSessions().map(({ id, ...held }) => ({ sessionId: id, ...held })),
    }),
    beginSnapshot: table.beginSnapshot,
    apply: (update) => {
      applyUpdate(update, { table, clock, buildDocument: credentialsDocument, setTokenKeys: tokens.setKeys });
    },
    clockSkew: (measuredMs) => (skewMs = measuredMs),
    backoff: createBackoff({ ...FEED_BACKOFF, random }),
    clock,
    log,
  });
  return { feed, servers, skewMs: () => skewMs };
}

function knowCallers(
  { config, clock, log }: AgentDeps,
  known: { table: PodTable; metrics: Metrics; feedAwaySinceMs: () => number | undefined },
) {
  const { hostIps: nodeIps, staleIpMs, cniCacheDirs: directories } = config;
  const cniResults = createCniResults({ directories, clock, log, metrics: known.metrics });
  return { callers: createCallers({ ...known, cniResults, nodeIps, staleIpMs, clock, log }), cniResults };
}

function readOtherMetadata({ config, clock, log }: AgentDeps) {
  const imds = createNodeImds({ endpoint: config.imdsEndpoint, clock, log });
  const parsed = parseAllowPaths(config.allowPaths);
  if ('faults' in parsed) throw new Error(parsed.faults.join('; '));
  return {
    imds,
    other: createOtherMetadata({ imds, groups: config.metadataGroups, allowPath: parsed.allowPath }),
  };
}

function minRemainingSeconds(table: PodTable): number | undefined {
  const remaining = table.heldSessions().map(({ remainingMs }) => remainingMs / 1000);
  return remaining.length === 0 ? undefined : Math.min(...remaining);
}
