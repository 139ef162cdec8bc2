import { createCluster } from '../kubernetes/cluster.ts';
import { createConnection } from '../kubernetes/api/connection.ts';
import { createEventRecorder } from '../kubernetes/pod-events.ts';
import { loadKubeConfig } from '../kubernetes/api/kube-config.ts';
import { createLimitHits } from '../kubernetes/limit-hits.ts';
import type { ServerMemory } from '../memory/memory.ts';
import type { ServerMetrics } from '../metrics/metrics.ts';
import type { ServerDeps } from './deps.ts';

export type FollowedCluster = Awaited<ReturnType<typeof followCluster>>;

/** Watches the cluster. Rejects if the kubeconfig is invalid. */
export async function followCluster(
  { config, clock, log, random, hostname }: ServerDeps,
  { metrics, memory }: { readonly metrics: ServerMetrics; readonly memory: ServerMemory },
) {
  const connection = createConnection({
    kubeConfig: await loadKubeConfig({ path: config.kubeconfigFile }),
    clock,
  });
  const events = createEventRecorder({
    connection,
    clock,
    log,
    limitHit: createLimitHits({ clock, log, counted: metrics.limitHit }),
    component: 'rolegate-server',
    instance: hostname,
    memory,
  });
  return { ...createCluster({ connection, clock, log, metrics, random, memory }), connection, events };
}
