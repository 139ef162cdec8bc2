import { monitorEventLoopDelay } from 'node:perf_hooks';
import { silentLog, systemClock } from '@rolegate/runtime';
import type { Log } from '@rolegate/runtime';
import { createCluster } from '../../src/kubernetes/cluster.ts';
import { createConnection } from '../../src/kubernetes/api/connection.ts';

/**
 * Follows the API server at the second address until everything is listed and it has ended its watches so many times; tells
 * what that took, more than the small one at the first address.
 */
const [small = '', large = '', lists = '1'] = process.argv.slice(2);

const counted: Record<string, number> = {};
const metrics = {
  watchEvents: () => undefined,
  relists: () => undefined,
  limitHit: (limit: string) => {
    counted[limit] = (counted[limit] ?? 0) + 1;
  },
};
const delay = monitorEventLoopDelay({ resolution: 1 });
const rss = () => process.memoryUsage.rss() / 2 ** 20;
let peakMb = 0;
const sampling = setInterval(() => {
  peakMb = Math.max(peakMb, rss());
}, 5);

async function follow(url: string, times: number) {
  const kubeConfig = {
    getCurrentCluster: () => ({ name: 'fat', server: url, skipTLSVerify: true }),
    applyToHTTPSOptions: () => Promise.resolve(),
  };
  const connection = createConnection({ kubeConfig, clock: systemClock });
  const stop = new AbortController();
  const listed: Record<string, number> = { Pod: 0, Namespace: 0, ServiceAccount: 0, Node: 0 };
  const log: Log = {
    ...silentLog,
    info: (message, fields = {}) => {
      const kind = 'kind' in fields ? String(fields.kind) : '';
      if (message === 'list complete') listed[kind] = (listed[kind] ?? 0) + 1;
    },
  };
  const cluster = createCluster({ connection, clock: systemClock, log, metrics });
  const running = cluster.run(stop.signal);
  while (Object.values(listed).some((count) => count < times)) await systemClock.sleep(5);
  stop.abort();
  await running;
  connection.close();
  return cluster;
}

await follow(small, 1);
const beforeMb = rss();
peakMb = 0;
delay.enable();
const startedMs = performance.now();
const cluster = await follow(large, Number(lists));
const tookMs = performance.now() - startedMs;
delay.disable();
clearInterval(sampling);
const { pods, namespaces, serviceAccounts, nodes } = cluster;
const held = pods.size + namespaces.size + serviceAccounts.size + nodes.size;
process.stdout.write(
  JSON.stringify({
    objects: held,
    growthMb: Math.round(peakMb - beforeMb),
    peakMb: Math.round(peakMb),
    tookMs: Math.round(tookMs),
    longestHoldMs: Math.round(delay.max / 1e6),
    counted,
  }),
);
