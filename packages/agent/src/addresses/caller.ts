import type { KnownPod } from '../feed/table/known-pod.ts';

/** Who is behind an address. */
export type Caller =
  | { readonly kind: 'pod'; readonly pod: KnownPod }
  /**
   * Nobody yet. `uid` and `namespace`: the owner as the CNI result names it, while the feed does not know the Pod or it has ended.
   * `undecided`: it may still be the one that it was, or another; nobody can say at present.
   */
  | {
      readonly kind: 'unknown';
      readonly uid?: string;
      readonly namespace?: string;
      readonly waitsFor: string;
      readonly undecided?: true;
    }
  /** Two live Pods have it. */
  | { readonly kind: 'ambiguous'; readonly pods: readonly KnownPod[] }
  /** The node itself: Pods on the host's network and the host's own processes. */
  | { readonly kind: 'node' };

/**
 * The UID by which the runtime knows the Pod that owns the caller's address; undefined while that is not known. The same before and
 * after the feed names a static Pod, whose UID at the API server is another.
 */
export function ownerUid(caller: Caller): string | undefined {
  if (caller.kind === 'unknown') return caller.uid;
  if (caller.kind !== 'pod') return undefined;
  return caller.pod.runtimeUid === '' ? caller.pod.uid : caller.pod.runtimeUid;
}
