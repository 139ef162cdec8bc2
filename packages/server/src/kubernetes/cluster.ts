import { createMemory } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';
import type { ServerMemory } from '../memory/memory.ts';
import type { Connection } from './connection.ts';
import { createListWatch } from './list-watch.ts';
import type { ListWatch, ListWatchDeps, WatchMetrics } from './list-watch.ts';
import { createLimitHits } from './limit-hits.ts';
import type { ClusterLimit } from '../limits/limits.ts';
import { createNames } from './names.ts';
import { cutNamespace, cutNode, cutPod, cutServiceAccount, namesOfPod, NO_ANNOTATIONS } from './objects.ts';
import type { ApiObject, ClusterNode, Cut, Identity, Namespace, Pod, ServiceAccount } from './objects.ts';
import { createPast } from './past.ts';
import type { ClusterPast } from './past.ts';
import { createPodIndex } from './pod-index.ts';
import type { PodIndex } from './pod-index.ts';
import type { Kind } from './shapes.ts';
import { createStore } from './store.ts';
import type { Store } from './store.ts';
import { createTexts } from './texts.ts';

/** Of a node nothing but its metadata is of use (Kubernetes API concepts, "Receiving resources as Tables" and below). */
const METADATA_ONLY = 'application/json;as=PartialObjectMetadata{LIST};g=meta.k8s.io;v=v1,application/json';

export interface ClusterDeps {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: WatchMetrics & { limitHit(limit: ClusterLimit): void };
  /** Uniform in [0, 1). */
  readonly random?: () => number;
  readonly memory?: ServerMemory;
}

interface Followed<T extends ApiObject> {
  readonly kind: Kind;
  readonly path: string;
  readonly cut: (raw: unknown) => Cut<T>;
  /** The names that `cut` holds, for each object that it returns. */
  readonly namesOf?: (object: T) => readonly string[];
  readonly keyOf: (object: T) => string;
  readonly keyOfPart: (identity: Identity) => string | undefined;
  readonly by?: Connection;
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
  /** By which agents' resourceVersions are judged. */
  readonly past: ClusterPast;
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
  const past = createPast({ clock, log, kinds: () => kinds });
  const texts = createTexts({
    spent: (budget, namespace, keys) => {
      hit(budget, { kind: 'annotations', namespace, keys });
    },
    roomAgain: () => {
      for (const { roomAgain } of Object.values(loops)) roomAgain();
    },
  });

  function follow<T extends ApiObject>(followed: Followed<T>) {
    const { kind, path, cut, namesOf = () => [], keyOf, keyOfPart, by = connection } = followed;
    const dropped = (object: T) => {
      texts.release(spaceOf(object), object.annotations);
      namesOf(object).forEach(names.release);
    };
    const wentBack = (from: string, to: string) => {
      past.found(kind, from, to);
    };
    const store = createStore({ keyOf, log, dropped, wentBack });
    memory.count('doubted_objects', () => store.doubtedNames);
    const hold = (object: T) => {
      if (object.annotations === NO_ANNOTATIONS) return object;
      const namespace = spaceOf(object);
      const keys = tooLongOnes(object);
      if (keys.length > 0) hit('annotation_bytes', { kind, namespace, name: object.name, keys });
      return { ...object, annotations: texts.hold(namespace, object.annotations) };
    };
    const lineTooLong = () => {
      hit('watch_line_bytes', { kind, namespace: '' });
    };
    const deps: ListWatchDeps<T> = {
      connection: by,
      clock,
      log,
      metrics,
      memory,
      random,
      kind,
      path,
      cut,
      keyOf,
      keyOfPart,
      store,
      hold,
      dropped,
      lineTooLong,
    };
    return { store, loop: createListWatch(deps) };
  }

  const pods = follow<Pod>({
    kind: 'Pod',
    path: '/api/v1/pods',
    cut: (raw) => cutPod(raw, names.hold),
    namesOf: namesOfPod,
    keyOf: ({ uid }) => uid,
    keyOfPart: ({ uid, namespace, name }) => (uid === '' ? uidOf(namespace, name) : uid),
  });
  const namespaces = follow({
    kind: 'Namespace',
    path: '/api/v1/namespaces',
    cut: cutNamespace,
    keyOf: ({ name }) => name,
    keyOfPart: keyOfName,
  });
  const serviceAccounts = follow<ServiceAccount>({
    kind: 'ServiceAccount',
    path: '/api/v1/serviceaccounts',
    cut: (raw) => cutServiceAccount(raw, names.hold),
    namesOf: ({ namespace }) => [namespace],
    keyOf: ({ namespace, name }) => `${namespace}/${name}`,
    keyOfPart: ({ namespace, name }) =>
      namespace === '' || name === '' ? undefined : `${namespace}/${name}`,
  });
  const nodes = follow({
    kind: 'Node',
    path: '/api/v1/nodes',
    cut: cutNode,
    keyOf: ({ name }) => name,
    keyOfPart: keyOfName,
    by: metadataOnly(connection),
  });
  const kinds = { Pod: pods, Namespace: namespaces, ServiceAccount: serviceAccounts, Node: nodes };
  const loops: Record<Kind, ListWatch> = {
    Pod: pods.loop,
    Namespace: namespaces.loop,
    ServiceAccount: serviceAccounts.loop,
    Node: nodes.loop,
  };

  /** A Pod that is not there yet needs no UID to be doubted: nothing is served on it. */
  function uidOf(namespace: string, name: string): string | undefined {
    if (namespace === '' || name === '') return undefined;
    const known = pods.store.values().find((pod) => pod.namespace === namespace && pod.name === name);
    return known?.uid ?? `${namespace}/${name}`;
  }

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
    past,
  };
}

function keyOfName({ name }: Identity): string | undefined {
  return name === '' ? undefined : name;
}

/** The Namespace that pays for the object's texts: a Namespace pays for its own. */
function spaceOf(object: ApiObject & { readonly namespace?: string }): string {
  return object.namespace ?? object.name;
}

function tooLongOnes({ annotations }: ApiObject): string[] {
  return Object.entries(annotations).flatMap(([key, value]) => (typeof value === 'string' ? [] : [key]));
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
