import type { Names } from './objects/names.ts';
import { namesOfPod, pickNamespace, pickNode, pickPod, pickServiceAccount } from './objects/objects.ts';
import type {
  ApiObject,
  ClusterNode,
  Identity,
  Namespace,
  PickResult,
  Pod,
  ServiceAccount,
} from './objects/objects.ts';
import type { Kind } from './objects/shapes.ts';

/** How objects of a kind are read, and by which key they are stored. */
export interface WatchedKind<T extends ApiObject> {
  readonly kind: Kind;
  readonly path: string;
  /** Requests only the objects' metadata. */
  readonly metadataOnly?: true;
  readonly pick: (raw: unknown) => PickResult<T>;
  /** The names that `pick` interns, for each object that it returns. */
  readonly namesOf?: (object: T) => readonly string[];
  readonly keyOf: (object: T) => string;
  /** The key of an unreadable object; undefined if too little of it can be read. */
  readonly keyOfPart: (identity: Identity) => string | undefined;
}

/** By UID. `known`: the stored Pods. */
export function podKind({ intern }: Names, known: () => readonly Pod[]): WatchedKind<Pod> {
  /** For a Pod that is not stored any key will do, because nothing is served to it. */
  function uidOf(namespace: string, name: string): string | undefined {
    if (namespace === '' || name === '') return undefined;
    return (
      known().find((pod) => pod.namespace === namespace && pod.name === name)?.uid ?? `${namespace}/${name}`
    );
  }

  return {
    kind: 'Pod',
    path: '/api/v1/pods',
    pick: (raw) => pickPod(raw, intern),
    namesOf: namesOfPod,
    keyOf: ({ uid }) => uid,
    keyOfPart: ({ uid, namespace, name }) => (uid === '' ? uidOf(namespace, name) : uid),
  };
}

/** By `<namespace>/<name>`. */
export function serviceAccountKind({ intern }: Names): WatchedKind<ServiceAccount> {
  return {
    kind: 'ServiceAccount',
    path: '/api/v1/serviceaccounts',
    pick: (raw) => pickServiceAccount(raw, intern),
    namesOf: ({ namespace }) => [namespace],
    keyOf: ({ namespace, name }) => `${namespace}/${name}`,
    keyOfPart: ({ namespace, name }) =>
      namespace === '' || name === '' ? undefined : `${namespace}/${name}`,
  };
}

/** By name. */
export const namespaceKind: WatchedKind<Namespace> = {
  kind: 'Namespace',
  path: '/api/v1/namespaces',
  pick: pickNamespace,
  keyOf: ({ name }) => name,
  keyOfPart: keyOfName,
};

/** By name. */
export const nodeKind: WatchedKind<ClusterNode> = {
  kind: 'Node',
  path: '/api/v1/nodes',
  metadataOnly: true,
  pick: pickNode,
  keyOf: ({ name }) => name,
  keyOfPart: keyOfName,
};

function keyOfName({ name }: Identity): string | undefined {
  return name === '' ? undefined : name;
}
