import { silentLog } from '@rolegate/runtime';
import type { FeedServiceDeps } from '../../src/feed/feed-service.ts';
import type { createClusterStandIn } from './cluster-stand-in.ts';

const none = () => undefined;

/** As long as no key has been read. */
export const noIssuerKeys = { current: none, onChange: () => none };

/** The dependencies of a synced feed service in tests, except peers and nodes; nothing is counted. */
export function feedDeps({ pods, history, clock, servingNodes }: ReturnType<typeof createClusterStandIn>) {
  return {
    pods,
    history,
    clock,
    synced: () => true,
    podsResourceVersion: () => '1',
    tokenSecret: () => Buffer.alloc(32, 1),
    version: '1',
    serverName: 'server-0',
    streamAgeMs: 30 * 60_000,
    random: () => 0.5,
    log: silentLog,
    servingNodes,
    issuerKeys: noIssuerKeys,
    metrics: { streams: none, answers: none, limitHit: none },
  } satisfies Partial<FeedServiceDeps>;
}
