import { hash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { annotationKeys } from '../annotations/annotations.ts';
import type { Namespace, Pod, ServiceAccount } from '../kubernetes/objects/objects.ts';
import type { Annotations } from '../policy/annotation-text.ts';

/** What the policy reads of a Pod. */
const READ = ['uid', 'namespace', 'name', 'nodeName', 'serviceAccount', 'hostNetwork', 'staticPod'] as const;
/** What agents are told of a Pod besides. */
const TOLD = ['ips', 'ended', 'terminating', 'runtimeUid'] as const;

/** Of a digest, in base64url: 132 bits. Whoever writes an annotation can choose it. */
const DIGEST_CHARS = 22;

/** Digests of what decisions read of objects: two states of an object have the same only if a decision reads the same. */
export interface Digests {
  readonly ofPod: (pod: Pod) => string;
  readonly ofNamespace: (namespace: Namespace) => string;
  readonly ofServiceAccount: (serviceAccount: ServiceAccount) => string;
  /** The object is in a new state, in which a decision reads what it read in `former`. */
  readonly carry: (former: object, object: object) => void;
}

/** Whether two states of a Pod lead to the same decision. */
export function podReadsSame(a: Pod, b: Pod): boolean {
  return (
    READ.every((field) => a[field] === b[field]) && readSame(a.annotations, b.annotations, annotationKeys.Pod)
  );
}

/** Whether agents are told the same of two states of a Pod, its decision apart. */
export function agentsReadSame(a: Pod, b: Pod): boolean {
  return TOLD.every((field) => isDeepStrictEqual(a[field], b[field]));
}

export function namespaceReadsSame(a: Namespace, b: Namespace): boolean {
  return readSame(a.annotations, b.annotations, annotationKeys.Namespace);
}

export function serviceAccountReadsSame(a: ServiceAccount, b: ServiceAccount): boolean {
  return readSame(a.annotations, b.annotations, annotationKeys.ServiceAccount);
}

/**
 * Makes each digest once. A decision is remembered by the digests of what it was made on: keeping the objects themselves
 * would hold their former texts, of each Pod another one.
 */
export function createDigests(): Digests {
  const made = new WeakMap<object, string>();

  function once<T extends object>(digestOf: (object: T) => string): (object: T) => string {
    return (object) => {
      const known = made.get(object);
      if (known !== undefined) return known;
      const digest = digestOf(object);
      made.set(object, digest);
      return digest;
    };
  }

  return {
    ofPod: once(podDigest),
    ofNamespace: once(namespaceDigest),
    ofServiceAccount: once(serviceAccountDigest),
    carry(former, object) {
      const known = made.get(former);
      if (known !== undefined) made.set(object, known);
    },
  };
}

function readSame(a: Annotations, b: Annotations, keys: readonly string[]): boolean {
  return a === b || keys.every((key) => a[key] === b[key] || isDeepStrictEqual(a[key], b[key]));
}

/** Of what a decision reads of a Pod: the same in two servers, and before and after a restart. */
function podDigest(pod: Pod): string {
  return digest([...READ.map((field) => pod[field]), ...textsOf(pod, annotationKeys.Pod)]);
}

function namespaceDigest(namespace: Namespace): string {
  return digest(textsOf(namespace, annotationKeys.Namespace));
}

function serviceAccountDigest(serviceAccount: ServiceAccount): string {
  return digest(textsOf(serviceAccount, annotationKeys.ServiceAccount));
}

function textsOf({ annotations }: { readonly annotations: Annotations }, keys: readonly string[]): unknown[] {
  return keys.map((key) => annotations[key] ?? null);
}

function digest(values: readonly unknown[]): string {
  return hash('sha256', JSON.stringify(values), 'base64url').slice(0, DIGEST_CHARS);
}
