import type { Namespace, Pod, ServiceAccount } from '../kubernetes/objects.ts';
import { namespaceDigest, podDigest, serviceAccountDigest } from './inputs.ts';

/** Digests of what decisions read of objects: two states of an object have the same only if a decision reads the same. */
export interface Digests {
  readonly ofPod: (pod: Pod) => string;
  readonly ofNamespace: (namespace: Namespace) => string;
  readonly ofServiceAccount: (serviceAccount: ServiceAccount) => string;
  /** The object is in a new state, in which a decision reads what it read in `former`. */
  readonly carry: (former: object, object: object) => void;
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
