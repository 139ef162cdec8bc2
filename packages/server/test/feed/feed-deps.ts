import { silentLog } from '@rolegate/runtime';
import type { FeedServiceDeps } from '../../src/feed/feed-service.ts';
import type { createClusterStandIn } from './cluster-stand-in.ts';

const none = () => undefined;

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
    issuerKeys: { current: none, onChange: () => none },
    reviewPodToken: () => Promise.resolve({ fault: 'nobody reviews tokens in this test' }),
    metrics: { streams: none, answers: none, limitHit: none },
  } satisfies Partial<FeedServiceDeps>;
}
