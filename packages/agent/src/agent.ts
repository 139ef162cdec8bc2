import { randomBytes } from 'node:crypto';
import { createClientCredentials, watchTlsFiles } from '@rolegate/protocol';
import { aborted, createBackoff, createOpsServer, describeError, runGroup, VERSION } from '@rolegate/runtime';
import type { Clock, Log, Service } from '@rolegate/runtime';
import { createCallers } from './addresses/callers.ts';
import { createCniResults } from './addresses/cni-results.ts';
import type { AgentConfig } from './config.ts';
import { applyUpdate, knownPod } from './feed/apply-update.ts';
import { createFeedClient } from './feed/feed-client.ts';
import { createPodTable } from './feed/pod-table.ts';
import { createReporter } from './feed/report.ts';
import { createServerAddresses } from './feed/server-addresses.ts';
import { createServerConnections, lookupAll } from './feed/server-connections.ts';
import { parseAllowPaths } from './metadata/allow-path.ts';
import type { AnswerMetrics } from './metadata/answer-record.ts';
import { credentialsDocument } from './metadata/credentials-document.ts';
import { metadataHosts } from './metadata/host-check.ts';
import { createNodeImds } from './metadata/node-imds.ts';
import { createOtherMetadata } from './metadata/other-metadata-reader.ts';
import { createMetadataServer } from './metadata/server.ts';
import { createTokens } from './metadata/tokens.ts';
import { createAgentMetrics } from './metrics.ts';

/** Pauses between attempts to open a feed (DESIGN.md 4.5). */
const FEED_BACKOFF = { firstMs: 100, capMs: 5_000 };

export interface AgentDeps {
  readonly config: AgentConfig;
  readonly clock: Clock;
  readonly log: Log;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** Builds the agent and runs it until the signal aborts. Throws where the configuration cannot be worked with. */
export async function runAgent(
  { config, clock, log, random }: AgentDeps,
  signal: AbortSignal,
): Promise<void> {
  // The parts live longer than the signal: what was accepted is answered before they stop.
  const inner = new AbortController();
  const metrics = createAgentMetrics({ version: VERSION });
  const { certFile: cert, keyFile: key, caFile: ca } = config.tls;
  const tls = watchTlsFiles({
    files: { cert, key, ca },
    purpose: 'client',
    clock,
    log,
    signal: inner.signal,
  });
  const servers = createServerConnections({
    credentials: createClientCredentials(tls),
    serverName: config.serverName,
  });

  const table = createPodTable({ clock, log });
  const tokens = createTokens({ clock, randomBytes });
  const skew = { ms: 0 };
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
    clockSkew: (skewMs) => (skew.ms = skewMs),
    backoff: createBackoff({ ...FEED_BACKOFF, random }),
    clock,
    log,
  });
  const reporter = createReporter({ send: feed.report, clock });

  const cniResults = createCniResults({ directories: config.cniCacheDirs, clock, log, metrics });
  const callers = createCallers({
    table,
    cniResults,
    nodeIps: config.hostIps,
    staleIpMs: config.staleIpMs,
    feedAwaySinceMs: () => feed.awaySinceMs,
    clock,
    log,
    metrics,
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

  const imds = createNodeImds({ endpoint: config.imdsEndpoint, clock, log });
  const allowed = parseAllowPaths(config.allowPaths);
  if ('faults' in allowed) throw new Error(allowed.faults.join('; '));
  const metadata = createMetadataServer({
    callers,
    table,
    tokens,
    other: createOtherMetadata({ imds, groups: config.metadataGroups, allowPath: allowed.allowPath }),
    clock,
    log,
    metrics: answerMetrics(metrics, reporter),
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
      { name: 'table', ready: () => table.synced || 'no server has told of this node’s Pods yet' },
      { name: 'feed', informative: true, ready: () => feed.connected || 'no server is connected' },
      {
        name: 'addresses',
        informative: true,
        ready: () => callers.source === 'cni' || 'from the status of Pods: no CNI results',
      },
    ],
  });
  metrics.read({
    feedConnected: () => feed.connected,
    feedStaleSeconds: () =>
      feed.awaySinceMs === undefined ? 0 : (clock.monotonic() - feed.awaySinceMs) / 1000,
    sessions: () => ({ held: table.heldSessions().length }),
    minRemainingSeconds: () => {
      const remaining = table.heldSessions().map(({ remainingMs }) => remainingMs / 1000);
      return remaining.length === 0 ? undefined : Math.min(...remaining);
    },
    certificateExpirySeconds: () => {
      const { certificate, ca: authority } = tls.certificateExpirySeconds();
      return { certificate: certificate - clock.now() / 1000, ca: authority - clock.now() / 1000 };
    },
    clockSkewSeconds: () => skew.ms / 1000,
  });

  await ops.listen(config.opsListen.host, config.opsListen.port);
  for (const ip of config.hostIps) await metadata.listen(ip, config.port);
  log.info('agent listening', {
    node: config.nodeName,
    addresses: config.hostIps,
    port: config.port,
    version: VERSION,
  });

  const serving: Service = {
    name: 'metadata',
    async run(innerSignal) {
      await aborted(AbortSignal.any([signal, innerSignal]));
      log.info('agent stopping');
      await metadata.close();
      inner.abort();
    },
  };
  try {
    await runGroup(
      [
        serving,
        { name: 'feed', run: feed.run },
        { name: 'reports', run: reporter.run },
        { name: 'CNI results', run: cniResults.run },
        { name: 'callers', run: callers.run },
      ],
      inner.signal,
    );
  } finally {
    inner.abort();
    await metadata.close();
    imds.close();
    await ops.close();
    log.info('agent stopped');
  }
}

/** Each answer to the metrics, and what the server wants to know of it to the next report. */
function answerMetrics(
  metrics: ReturnType<typeof createAgentMetrics>,
  reporter: ReturnType<typeof createReporter>,
): AnswerMetrics {
  return {
    answered(record) {
      const { route, status, reason = '', durationMs, sdk } = record;
      metrics.answered({ route, status, reason }, durationMs / 1000);
      if (record.imds === 'v1') metrics.imdsv1();
      if (record.firstRequest) metrics.firstRequest(outcomeOf(status), sdk);
      reporter.answered(reason);
      if (record.sessionId === undefined || route !== 'credentials') return;
      reporter.used(record.sessionId);
      if (record.first && record.uid !== undefined) {
        reporter.firstDelivery({
          podUid: record.uid,
          sessionId: record.sessionId,
          heldMs: Math.round(record.sinceFirstRequestMs ?? 0),
        });
      }
    },
    held: metrics.held,
  };
}

function outcomeOf(status: number): 'served' | 'refused' | 'failed' {
  if (status === 200) return 'served';
  return status === 503 ? 'failed' : 'refused';
}
