import { hash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { annotationKeys } from '../annotations/annotations.ts';
import type { Namespace, Pod, ServiceAccount } from '../kubernetes/objects/objects.ts';
import type { Annotations } from '../policy/annotation-text.ts';

/** Pod fields that the policy reads. */
const POLICY_FIELDS = [
  'uid',
  'namespace',
  'name',
  'nodeName',
  'serviceAccount',
  'hostNetwork',
  'staticPod',
] as const;
/** Other Pod fields that agents get. */
const AGENT_FIELDS = ['ips', 'ended', 'terminating', 'runtimeUid'] as const;

/** Length of a digest in base64url: 132 bits, because tenants can choose the annotations. */
const DIGEST_CHARS = 22;

/** Digests of what decisions read: two states of an object have the same digest only if a decision reads the same from both. */
export interface Digests {
  readonly ofPod: (pod: Pod) => string;
  readonly ofNamespace: (namespace: Namespace) => string;
  readonly ofServiceAccount: (serviceAccount: ServiceAccount) => string;
  /** Reuses the digest of `former` for a new state from which decisions read the same. */
  readonly carry: (former: object, object: object) => void;
}

/** Whether two states of a Pod lead to the same decision. */
export function podReadsSame(a: Pod, b: Pod): boolean {
  return (
    POLICY_FIELDS.every((field) => a[field] === b[field]) &&
    readSame(a.annotations, b.annotations, annotationKeys.Pod)
  );
}

/** Whether agents get the same fields from two states of a Pod, apart from its decision. */
export function agentsReadSame(a: Pod, b: Pod): boolean {
  return AGENT_FIELDS.every((field) => isDeepStrictEqual(a[field], b[field]));
}

export function namespaceReadsSame(a: Namespace, b: Namespace): boolean {
  return readSame(a.annotations, b.annotations, annotationKeys.Namespace);
}

export function serviceAccountReadsSame(a: ServiceAccount, b: ServiceAccount): boolean {
  return readSame(a.annotations, b.annotations, annotationKeys.ServiceAccount);
}

/**
 * Computes each digest once. Decisions are remembered by digests of their inputs, because keeping the objects themselves would
 * keep their former texts in memory.
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

/** The digest of an object from which decisions read something else on a node that serves container credentials. */
export function onServingNode(digestOfObject: string): string {
  return digest([digestOfObject, 'container credentials']);
}

function readSame(a: Annotations, b: Annotations, keys: readonly string[]): boolean {
  return a === b || keys.every((key) => a[key] === b[key] || isDeepStrictEqual(a[key], b[key]));
}

/** The same on every server, and after a restart. */
function podDigest(pod: Pod): string {
  return digest([...POLICY_FIELDS.map((field) => pod[field]), ...textsOf(pod, annotationKeys.Pod)]);
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
