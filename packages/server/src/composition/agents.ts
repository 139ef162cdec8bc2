import { aborted, VERSION } from '@rolegate/runtime';
import type { Service } from '@rolegate/runtime';
import type { OpenAuthentication } from './agent-authentication.ts';
import type { ConnectedAgents } from '../feed/connected-agents.ts';
import { createFeedService } from '../feed/feed-service.ts';
import type { Nodes } from '../feed/nodes/nodes.ts';
import type { ServingNodes } from '../feed/serving-nodes.ts';
import { createAttestPort, createFeedPort } from '../ports/agent-ports.ts';
import type { FeedPort } from '../ports/agent-ports.ts';
import type { ForeignNodes } from '../identity/foreign-nodes.ts';
import type { IssuerKeys } from '../issuer-keys/issuer-keys.ts';
import type { ServerMemory } from '../memory/memory.ts';
import type { ServerMetrics } from '../metrics/metrics.ts';
import { reviewPodTokens } from './container-credentials.ts';
import type { FollowedCluster } from './cluster.ts';
import type { ServerDeps } from './deps.ts';

/** How often the caches are checked until they are synced. Milliseconds. */
const SYNC_LOOK_MS = 20;

export interface AgentsDeps extends ServerDeps {
  readonly cluster: FollowedCluster;
  readonly nodes: Nodes;
  readonly agents: ConnectedAgents;
  readonly servingNodes: ServingNodes;
  readonly issuerKeys: IssuerKeys;
  readonly foreignNodes: ForeignNodes;
  readonly metrics: ServerMetrics;
  readonly memory: ServerMemory;
  /** Resolves once there is a certificate to serve with. */
  readonly openAuthentication: () => Promise<OpenAuthentication>;
  /** When it aborts, agents are disconnected. */
  readonly signal: AbortSignal;
  /** Aborted after the agents are gone: stops the parts that served them. */
  readonly parts: AbortController;
}

/** Serves agents by gRPC once there is a certificate to serve with. */
export function serveAgents(deps: AgentsDeps): Service {
  const { cluster, parts, clock, log, config } = deps;
  return {
    name: 'gRPC',
    async run(group) {
      const stop = AbortSignal.any([deps.signal, group]);
      const authentication = await openUntil(deps.openAuthentication, { stop, parts });
      if (authentication === undefined) return;
      const following = authentication.run(parts.signal);
      const ports = await listen(deps, authentication);
      while (!cluster.synced() && !stop.aborted) await clock.sleep(SYNC_LOOK_MS, stop);
      ports.serving(cluster.synced());
      await aborted(stop);
      log.info('server stopping');
      await ports.close(config.drainTimeoutMs);
      parts.abort();
      await following;
    },
  };
}

async function listen(deps: AgentsDeps, authentication: OpenAuthentication): Promise<Ports> {
  const { config, cluster, clock, log, hostname } = deps;
  const feedService = createFeedService({
    ...cluster,
    ...authentication,
    ...deps,
    reviewPodToken: reviewPodTokens({ ...deps, hit: authentication.hit }),
    podsResourceVersion: () => cluster.pods.resourceVersion,
    version: VERSION,
    serverName: hostname,
    streamAgeMs: config.streamAgeMs,
  });
  const common = { ...authentication, synced: cluster.synced, clock, memory: deps.memory };
  const { trustDomain } = config;
  const feed = createFeedPort({ ...common, feed: feedService, trustDomain });
  const port = await feed.listen(config.listen);
  const { firstAttest } = authentication;
  const attest = firstAttest && createAttestPort({ ...common, ...firstAttest });
  const attestPort = await attest?.listen(config.attestListen);
  log.info('server listening', { port, attestPort, opsPort: config.opsListen.port, version: VERSION });
  return {
    serving: feed.serving,
    async close(timeoutMs) {
      await Promise.all([feed.close(timeoutMs), attest?.close(timeoutMs)]);
    },
  };
}

type Ports = Pick<FeedPort, 'serving' | 'close'>;

/** Undefined if the server is stopped first. */
async function openUntil(
  open: () => Promise<OpenAuthentication>,
  { stop, parts }: { readonly stop: AbortSignal; readonly parts: AbortController },
): Promise<OpenAuthentication | undefined> {
  const end = () => {
    parts.abort();
  };
  stop.addEventListener('abort', end);
  try {
    return await open();
  } catch (error) {
    if (stop.aborted) return undefined;
    throw error;
  } finally {
    stop.removeEventListener('abort', end);
  }
}
