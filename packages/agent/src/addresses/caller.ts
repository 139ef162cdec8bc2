import type { KnownPod } from '../feed/table/known-pod.ts';

/** The Pod or process behind an address. */
export type Caller =
  | { readonly kind: 'pod'; readonly pod: KnownPod }
  /**
   * Not known yet. `uid` and `namespace`: the owner by the CNI result, if the feed does not know the Pod or the Pod has ended.
   * `undecided`: the owner may have changed, which cannot be determined at present.
   */
  | {
      readonly kind: 'unknown';
      readonly uid?: string;
      readonly namespace?: string;
      readonly waitsFor: string;
      readonly undecided?: true;
    }
  /** Two live Pods have this address. */
  | { readonly kind: 'ambiguous'; readonly pods: readonly KnownPod[] }
  /** The node itself: host-network Pods and the node's own processes. */
  | { readonly kind: 'node' };

/** The Pod behind the address, if known. */
export function podOf(caller: Caller): KnownPod | undefined {
  return caller.kind === 'pod' ? caller.pod : undefined;
}

/**
 * The UID that the runtime has for the Pod that owns the caller's address; undefined if not known. The same before and after
 * the feed names a static Pod, whose UID at the API server differs.
 */
export function ownerUid(caller: Caller): string | undefined {
  if (caller.kind === 'unknown') return caller.uid;
  if (caller.kind !== 'pod') return undefined;
  return caller.pod.runtimeUid === '' ? caller.pod.uid : caller.pod.runtimeUid;
}
