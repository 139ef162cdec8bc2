import { admit, isClusterWide, mergePatch } from './object.ts';
import type { KubernetesKind, KubernetesObject, StoredObject } from './object.ts';

/** A change as a watch reports it. A deleted object has the resourceVersion of its deletion. */
export interface StoredEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: StoredObject;
  /** What it replaced or deleted. */
  readonly former?: StoredObject | undefined;
}

/** What etcd is to the API server: objects, one version counter for all, and a history until it is compacted. */
export interface Database {
  readonly version: number;
  /** The history before this version is gone. */
  readonly compactedVersion: number;
  readonly apply: (object: KubernetesObject) => StoredObject;
  readonly patch: (kind: KubernetesKind, namespace: string, name: string, patch: object) => StoredObject;
  readonly delete: (kind: KubernetesKind, namespace: string, name: string) => void;
  readonly get: (kind: KubernetesKind, namespace: string, name: string) => StoredObject | undefined;
  /** Sorted as etcd sorts its keys. Without a Namespace, all objects of the kind. */
  readonly list: (kind: KubernetesKind, namespace?: string) => StoredObject[];
  since(version: number): StoredEvent[];
  /** Deletes the history up to now. */
  compact(): void;
  /** Increments the version without changing a served object, as changes of other objects do. */
  readonly bump: () => number;
  /** Takes a backup. The returned function restores it with its version counter, without notifying watches. */
  readonly backup: () => () => void;
}

export function createDatabase({ onEvent }: { onEvent: (event: StoredEvent) => void }): Database {
  let objects = new Map<string, StoredObject>();
  let history: StoredEvent[] = [];
  let version = 1000;
  let compactedVersion = version;

  function tell(type: StoredEvent['type'], object: StoredObject, former?: StoredObject): void {
    const event = { type, object, former };
    history.push(event);
    onEvent(event);
  }

  function apply(object: KubernetesObject): StoredObject {
    const key = keyOf(object.kind, object.metadata.namespace ?? 'default', object.metadata.name);
    const former = objects.get(key);
    const next = withVersion(admit(object, former, Date.now()), former?.metadata.resourceVersion ?? '');
    // As in the real API server, an update that changes nothing gets no new version.
    if (former !== undefined && isSame(former, next)) return structuredClone(former);
    version += 1;
    const stored = withVersion(next, `${version}`);
    objects.set(key, stored);
    tell(former === undefined ? 'ADDED' : 'MODIFIED', stored, former);
    return structuredClone(stored);
  }

  return {
    apply,
    get version() {
      return version;
    },
    get compactedVersion() {
      return compactedVersion;
    },
    patch: (kind, namespace, name, patch) =>
      apply(mergePatch(found(objects, kind, namespace, name), patch) as StoredObject),
    delete(kind, namespace, name) {
      const object = found(objects, kind, namespace, name);
      objects.delete(keyOf(kind, namespace, name));
      version += 1;
      tell('DELETED', withVersion(object, `${version}`), object);
    },
    get: (kind, namespace, name) => structuredClone(objects.get(keyOf(kind, namespace, name))),
    list: (kind, namespace) => listOf(objects, kind, namespace),
    since: (from) => history.filter(({ object }) => Number(object.metadata.resourceVersion) > from),
    compact() {
      history = [];
      version += 1;
      compactedVersion = version;
    },
    bump: () => (version += 1),
    backup() {
      const saved = { objects: new Map(objects), history: [...history], version, compactedVersion };
      return () => {
        objects = new Map(saved.objects);
        history = [...saved.history];
        ({ version, compactedVersion } = saved);
      };
    },
  };
}

type Objects = ReadonlyMap<string, StoredObject>;

function found(objects: Objects, kind: KubernetesKind, namespace: string, name: string): StoredObject {
  const object = objects.get(keyOf(kind, namespace, name));
  if (object === undefined) throw new Error(`NotFound: ${kind} ${namespace}/${name}`);
  return object;
}

function listOf(objects: Objects, kind: KubernetesKind, namespace: string | undefined): StoredObject[] {
  const wanted = ({ metadata }: StoredObject) => namespace === undefined || metadata.namespace === namespace;
  const listed = [...objects].filter(([, object]) => object.kind === kind && wanted(object));
  return listed.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
}

function keyOf(kind: string, namespace: string, name: string): string {
  return isClusterWide(kind) ? `${kind}/${name}` : `${kind}/${namespace}/${name}`;
}

function withVersion(object: KubernetesObject, resourceVersion: string): StoredObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion } } as StoredObject;
}

function isSame(a: object, b: object): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}
