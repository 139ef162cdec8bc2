import type { Clock, Log } from '@rolegate/runtime';
import type { Connection } from './connection.ts';
import { createListWatch } from './list-watch.ts';
import type { Kind, ListWatch, ListWatchDeps, WatchMetrics } from './list-watch.ts';
import { cutNamespace, cutPod, cutServiceAccount } from './objects.ts';
import type { ApiObject, Cut, Namespace, ServiceAccount } from './objects.ts';
import { createPodIndex } from './pod-index.ts';
import type { PodIndex } from './pod-index.ts';
import { createStore } from './store.ts';
import type { Store } from './store.ts';

export interface ClusterDeps {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: WatchMetrics;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
}

/** What the server knows of the cluster. */
export interface Cluster {
  readonly pods: PodIndex;
  /** By name. */
  readonly namespaces: Store<Namespace>;
  /** By `<namespace>/<name>`. */
  readonly serviceAccounts: Store<ServiceAccount>;
  /** Watches all three kinds until the signal aborts; never rejects. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  /** All three kinds have been listed once. */
  readonly synced: () => boolean;
  /** Since all three were; 0 before. Milliseconds. */
  syncedForMs(): number;
  /** Since the last byte from the watch of the kind. Milliseconds. */
  watchAgeMs(kind: Kind): number;
}

export function createCluster({
  connection,
  clock,
  log,
  metrics,
  random = Math.random,
}: ClusterDeps): Cluster {
  function follow<T extends ApiObject>(
    kind: Kind,
    path: string,
    cut: (raw: unknown) => Cut<T>,
    keyOf: (object: T) => string,
  ) {
    const store = createStore({ keyOf, log });
    const deps: ListWatchDeps<T> = { connection, clock, log, metrics, random, kind, path, cut, keyOf, store };
    return { store, loop: createListWatch(deps) };
  }

  const pods = follow('Pod', '/api/v1/pods', cutPod, ({ uid }) => uid);
  const namespaces = follow('Namespace', '/api/v1/namespaces', cutNamespace, ({ name }) => name);
  const serviceAccounts = follow(
    'ServiceAccount',
    '/api/v1/serviceaccounts',
    cutServiceAccount,
    ({ namespace, name }) => `${namespace}/${name}`,
  );
  const loops: Record<Kind, ListWatch> = {
    Pod: pods.loop,
    Namespace: namespaces.loop,
    ServiceAccount: serviceAccounts.loop,
  };

  function syncedAtMs(): number | undefined {
    const times = [pods.store, namespaces.store, serviceAccounts.store].map((store) => store.syncedAtMs);
    return times.includes(undefined) ? undefined : Math.max(...times.map(Number));
  }

  return {
    pods: createPodIndex({ store: pods.store }),
    namespaces: namespaces.store,
    serviceAccounts: serviceAccounts.store,
    async run(signal) {
      await Promise.all(Object.values(loops).map((loop) => loop.run(signal)));
    },
    synced: () => syncedAtMs() !== undefined,
    syncedForMs: () => clock.monotonic() - (syncedAtMs() ?? clock.monotonic()),
    watchAgeMs: (kind) => loops[kind].ageMs(),
  };
}
