import type { Clock, Log } from '@rolegate/runtime';
import type { Connection } from './connection.ts';
import { createListWatch } from './list-watch.ts';
import type { Kind, ListWatch, ListWatchDeps, WatchMetrics } from './list-watch.ts';
import { cutNamespace, cutNode, cutPod, cutServiceAccount } from './objects.ts';
import type { ApiObject, ClusterNode, Cut, Namespace, ServiceAccount } from './objects.ts';
import { createPodIndex } from './pod-index.ts';
import type { PodIndex } from './pod-index.ts';
import { createStore } from './store.ts';
import type { Store } from './store.ts';

/** Of a node nothing but its metadata is of use (Kubernetes API concepts, "Receiving resources as Tables" and below). */
const METADATA_ONLY = 'application/json;as=PartialObjectMetadata{LIST};g=meta.k8s.io;v=v1,application/json';

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
  /** By name. Not needed for anything but to see nodes go: it may lack, as where the right to watch them does. */
  readonly nodes: Store<ClusterNode>;
  /** Watches all kinds until the signal aborts; never rejects. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  /** All kinds but nodes have been listed once. */
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
    by: Connection = connection,
  ) {
    const store = createStore({ keyOf, log });
    const deps: ListWatchDeps<T> = {
      ...{ connection: by, clock, log, metrics, random },
      ...{ kind, path, cut, keyOf, store },
    };
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
  const nodes = follow('Node', '/api/v1/nodes', cutNode, ({ name }) => name, metadataOnly(connection));
  const loops: Record<Kind, ListWatch> = {
    Pod: pods.loop,
    Namespace: namespaces.loop,
    ServiceAccount: serviceAccounts.loop,
    Node: nodes.loop,
  };

  function syncedAtMs(): number | undefined {
    const times = [pods.store, namespaces.store, serviceAccounts.store].map((store) => store.syncedAtMs);
    return times.includes(undefined) ? undefined : Math.max(...times.map(Number));
  }

  return {
    pods: createPodIndex({ store: pods.store }),
    namespaces: namespaces.store,
    serviceAccounts: serviceAccounts.store,
    nodes: nodes.store,
    async run(signal) {
      await Promise.all(Object.values(loops).map((loop) => loop.run(signal)));
    },
    synced: () => syncedAtMs() !== undefined,
    syncedForMs: () => clock.monotonic() - (syncedAtMs() ?? clock.monotonic()),
    watchAgeMs: (kind) => loops[kind].ageMs(),
  };
}

function metadataOnly(connection: Connection): Connection {
  return {
    request: (request) => {
      const list = request.query?.['watch'] === 'true' ? '' : 'List';
      return connection.request({ ...request, accept: METADATA_ONLY.replace('{LIST}', list) });
    },
    close() {
      connection.close();
    },
  };
}
