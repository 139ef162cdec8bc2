import { createMemory } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';
import type { ClusterLimit } from '../limits/limit-names.ts';
import type { ServerMemory } from '../memory/memory.ts';
import type { Connection } from './api/connection.ts';
import { followKind } from './follow-kind.ts';
import type { FollowedKind } from './follow-kind.ts';
import { createHistory } from './history.ts';
import type { ClusterHistory } from './history.ts';
import { createLimitHits } from './limit-hits.ts';
import { createNames } from './objects/names.ts';
import type { ClusterNode, Namespace, Pod, ServiceAccount } from './objects/objects.ts';
import { createPodIndex } from './objects/pod-index.ts';
import type { PodIndex } from './objects/pod-index.ts';
import type { Kind } from './objects/shapes.ts';
import type { Store } from './objects/store.ts';
import { createTexts } from './objects/texts.ts';
import type { WatchMetrics } from './watch/list-watch.ts';
import { namespaceKind, nodeKind, podKind, serviceAccountKind } from './watched-kinds.ts';

export interface ClusterDeps {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: WatchMetrics & { limitHit(limit: ClusterLimit): void };
  /** Uniform in [0, 1). */
  readonly random?: () => number;
  readonly memory?: ServerMemory;
}

/** The watched objects of the cluster. */
export interface Cluster {
  readonly pods: PodIndex;
  /** By name. */
  readonly namespaces: Store<Namespace>;
  /** By `<namespace>/<name>`. */
  readonly serviceAccounts: Store<ServiceAccount>;
  /** By name. Only used to notice removed nodes; empty if the server has no right to watch them. */
  readonly nodes: Store<ClusterNode>;
  /** Watches all kinds until the signal aborts; never rejects. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  /** Whether all kinds but nodes have been listed once. */
  readonly synced: () => boolean;
  /** How long it has been synced; 0 if it is not. Milliseconds. */
  syncedForMs(): number;
  /** Since the last byte from the watch of the kind. Milliseconds. */
  watchAgeMs(kind: Kind): number;
  /** Against which agents' resourceVersions are checked. */
  readonly history: ClusterHistory;
}

export function createCluster({
  connection,
  clock,
  log,
  metrics,
  random = Math.random,
  memory = createMemory({ clock }),
}: ClusterDeps): Cluster {
  const names = createNames();
  memory.count('object_names', () => names.size);
  const hit = createLimitHits({
    clock,
    log,
    counted: (limit) => {
      metrics.limitHit(limit);
    },
  });
  const history = createHistory({ clock, log, kinds: () => kinds });
  const texts = createTexts({
    spent: (budget, namespace, keys) => {
      hit(budget, { kind: 'annotations', namespace, keys });
    },
    roomAgain: () => {
      for (const { loop } of Object.values(kinds)) loop.roomAgain();
    },
  });
  const deps = { connection, clock, log, metrics, random, memory, names, texts, hit, history };
  const pods: FollowedKind<Pod> = followKind(
    deps,
    podKind(names, () => pods.store.values()),
  );
  const namespaces = followKind(deps, namespaceKind);
  const serviceAccounts = followKind(deps, serviceAccountKind(names));
  const nodes = followKind(deps, nodeKind);
  const kinds = { Pod: pods, Namespace: namespaces, ServiceAccount: serviceAccounts, Node: nodes };

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
      await Promise.all(Object.values(kinds).map(({ loop }) => loop.run(signal)));
    },
    synced: () => syncedAtMs() !== undefined,
    syncedForMs: () => clock.monotonic() - (syncedAtMs() ?? clock.monotonic()),
    watchAgeMs: (kind) => kinds[kind].loop.ageMs(),
    history,
  };
}
