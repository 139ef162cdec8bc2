import type { AgentReport, Interception } from '@rolegate/protocol';
import { aborted, createBackoff, VERSION } from '@rolegate/runtime';
import type { Clock, HostPort, Log, Service } from '@rolegate/runtime';
import type { RolesConfig } from '../config/config.ts';
import type { IssuerKeys } from '../container-credentials/service-account-token/issuer-keys.ts';
import { applyUpdate } from '../feed/apply-update.ts';
import { createClockSkew } from '../feed/clock-skew.ts';
import type { ClockSkew } from '../feed/clock-skew.ts';
import { createFeedClient } from '../feed/feed-client.ts';
import type { FeedClient } from '../feed/feed-client.ts';
import type { PodTable } from '../feed/table/pod-table.ts';
import { createServerAddresses } from '../feed/server-addresses.ts';
import { createServerConnections, lookupAll } from '../feed/server-connections.ts';
import type { ServerConnections } from '../feed/server-connections.ts';
import type { StateReport } from '../feed/state-report.ts';
import { createAttestedIdentity } from '../identity/attested-identity.ts';
import type { AttestedIdentityDeps } from '../identity/attested-identity.ts';
import { createFilesIdentity } from '../identity/files-identity.ts';
import type { Identity } from '../identity/identity.ts';
import { credentialsDocument } from '../imds-documents/credentials-document.ts';
import type { Tokens } from '../imds-tokens/tokens.ts';
import type { createAgentMetrics } from '../metrics/metrics.ts';
import type { AgentState } from '../state/agent-state.ts';

/** Pauses between attempts to open a feed (DESIGN.md 4.5). */
const FEED_BACKOFF = { firstMs: 100, capMs: 5_000 };

export interface RolesServersDeps {
  readonly config: RolesConfig;
  /** Undefined: the state of the interception is not known. */
  readonly interception: StateReport<Interception> | undefined;
  readonly tokens: Pick<Tokens, 'setKeys'>;
  readonly state: Pick<AgentState, 'kept' | 'write'>;
  readonly metrics: ReturnType<typeof createAgentMetrics>;
  readonly clock: Clock;
  readonly log: Log;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** How the agent authenticates to servers. Throws if a configured certificate, key or CA is invalid. */
export function openIdentity(
  {
    config,
    metrics,
    state,
    clock,
    log,
    random,
    feedConnection,
  }: RolesServersDeps & Pick<AttestedIdentityDeps, 'feedConnection'>,
  signal: AbortSignal,
): Identity {
  const { tls, nodeName, serverName, serverAddresses, attestAddresses } = config;
  if (tls.kind === 'files') return createFilesIdentity({ tls, clock, log }, signal);
  // In a separate order, so that it does not advance the feed's.
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

/** Whether the agent serves container credentials, and what it needs from servers for it. */
export interface ReportedServing {
  readonly serving: StateReport<boolean>;
  readonly issuerKeys: IssuerKeys;
}

export interface FeedParts {
  readonly identity: Identity;
  readonly table: PodTable;
  /** Undefined: the agent does not serve container credentials. */
  readonly containerCredentials: ReportedServing | undefined;
}

export interface FollowedFeed {
  readonly feed: FeedClient;
  readonly servers: ServerConnections;
  readonly skew: Pick<ClockSkew, 'latestMs' | 'serverNowMs'>;
  readonly service: Service;
}

/** Runs the feed that fills the table, from any server. */
export function followFeed(
  { config, interception, tokens, state, clock, log, random }: RolesServersDeps,
  { identity, table, containerCredentials }: FeedParts,
): FollowedFeed {
  const servers = createServerConnections({
    tls: identity.tls,
    serverName: config.serverName,
    callMetadata: identity.callMetadata,
  });
  const skew = createClockSkew({ log, clock });
  const feed = createFeedClient({
    addresses: createServerAddresses({ servers: config.serverAddresses, lookup: lookupAll, random }),
    open: servers.open,
    firstReport: () => ({
      nodeName: config.nodeName,
      version: VERSION,
      heldSessions: table.reportedSessions().map(({ id, ...held }) => ({ sessionId: id, ...held })),
      ...(interception && { interception: interception.first() ?? null }),
      ...(containerCredentials && {
        servesContainerCredentials: containerCredentials.serving.first() ?? false,
      }),
      newestSeen: table.newestSeen(),
      ...forgotten(table),
    }),
    beginSnapshot() {
      table.beginSnapshot();
      containerCredentials?.issuerKeys.streamBegan();
    },
    forget: table.forget,
    lostSinceMs: state.kept.table?.feedThereMs,
    apply: (update) => {
      applyUpdate(update, {
        table,
        clock,
        buildDocument: credentialsDocument,
        setTokenKeys: tokens.setKeys,
        setIssuerKeys: containerCredentials?.issuerKeys.set,
      });
    },
    clockSkew: skew.measured,
    backoff: createBackoff({ ...FEED_BACKOFF, random }),
    clock,
    log,
  });
  return {
    feed,
    servers,
    skew,
    service: { name: 'feed', run: (group) => runWhen(identity.first, { run: feed.run, signal: group }) },
  };
}

function forgotten(table: PodTable): Pick<AgentReport, 'forgotMs'> {
  const forgotMs = table.forgotMs();
  return forgotMs === undefined ? {} : { forgotMs: Math.floor(forgotMs) };
}

/** Waits for a certificate: without one no server lets the agent in. */
async function runWhen(
  first: Promise<unknown>,
  { run, signal }: { run: FeedClient['run']; signal: AbortSignal },
): Promise<void> {
  await Promise.race([first, aborted(signal)]);
  await run(signal);
}
