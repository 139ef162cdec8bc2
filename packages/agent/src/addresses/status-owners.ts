import type { Clock } from '@rolegate/runtime';
import type { KnownPod } from '../feed/table/known-pod.ts';
import type { PodTable } from '../feed/table/pod-table.ts';
import type { CniResults } from './cni-results.ts';
import { isLive } from './ip-source.ts';

export interface StatusOwnersDeps {
  readonly table: Pick<PodTable, 'podsByIp' | 'pods'>;
  /** Undefined: no directory is configured. */
  readonly cniResults: Pick<CniResults, 'says'> | undefined;
  /** How long an address from Pod status is trusted after the feed was lost. Milliseconds. */
  readonly staleIpMs: number;
  /** Monotonic milliseconds when the feed was lost; undefined while it is connected. */
  readonly feedLostSinceMs: () => number | undefined;
  readonly clock: Pick<Clock, 'monotonic'>;
}

/** The owner of an address by Pod status. */
export type StatusOwner =
  | { readonly kind: 'node' }
  | { readonly kind: 'pods'; readonly pods: readonly KnownPod[] }
  | { readonly kind: 'none'; readonly waitsFor: string };

export interface StatusOwners {
  readonly owner: (ip: string) => StatusOwner;
  /** True if the status of this Pod, which is not terminating, names the address and that of no other Pod does. */
  readonly confirms: (pod: KnownPod, ip: string) => boolean;
  /** To be called while the CNI results are in use: remembers which Pod statuses they contradict. */
  readonly compare: () => void;
  /** Pods in the table whose status was contradicted. */
  readonly contradictedPods: () => number;
}

/**
 * The fallback: Pod status, as far as no CNI result has ever contradicted it. A Pod never owns by status an address that it is
 * known to have lost. It owns an address that was another Pod's only if its status is newer than the last CNI results.
 */
export function createStatusOwners({
  table,
  cniResults,
  staleIpMs,
  feedLostSinceMs,
  clock,
}: StatusOwnersDeps): StatusOwners {
  /** By UID of Pods in the table. */
  const contradicted = new Map<string, Set<string>>();

  function compare(): void {
    const pods = table.pods();
    const uids = new Set(pods.map(({ uid }) => uid));
    for (const uid of contradicted.keys()) if (!uids.has(uid)) contradicted.delete(uid);
    for (const pod of pods) for (const ip of isLive(pod) ? pod.ips : []) compareOne(pod, ip);
  }

  function compareOne(pod: KnownPod, ip: string): void {
    const saying = cniResults?.says(pod, ip);
    if (saying === 'own') contradicted.get(pod.uid)?.delete(ip);
    if (saying !== 'not-own' && saying !== 'other') return;
    const ips = contradicted.get(pod.uid) ?? new Set();
    contradicted.set(pod.uid, ips.add(ip));
  }

  /** `other`: the Pod has appeared since, so the address may have been given to it. */
  function isBelieved(pod: KnownPod, ip: string): boolean {
    if (contradicted.get(pod.uid)?.has(ip) === true) return false;
    const saying = cniResults?.says(pod, ip) ?? 'unsaid';
    return saying === 'own' || saying === 'other' || saying === 'unsaid';
  }

  return {
    confirms: (pod, ip) =>
      !pod.terminating &&
      pod.ips.includes(ip) &&
      table.podsByIp(ip).every((other) => other.uid === pod.uid || other.ended),
    compare,
    contradictedPods: () => contradicted.size,
    owner(ip) {
      const lostSinceMs = feedLostSinceMs();
      if (lostSinceMs !== undefined && clock.monotonic() - lostSinceMs > staleIpMs)
        return { kind: 'none', waitsFor: 'the feed, lost for longer than --stale-ip' };
      const pods = table.podsByIp(ip);
      if (pods.some(({ hostNetwork, ended }) => hostNetwork && !ended)) return { kind: 'node' };
      const live = pods.filter((pod) => isLive(pod) && isBelieved(pod, ip));
      const staying = live.filter(({ terminating }) => !terminating);
      const owners = staying.length > 0 ? staying : live;
      if (owners.length > 0) return { kind: 'pods', pods: owners };
      return { kind: 'none', waitsFor: 'a Pod with this address in its status' };
    },
  };
}
