import type { Caller } from '../addresses/caller.ts';
import type { Callers } from '../addresses/callers.ts';
import type { CniResults } from '../addresses/cni-results.ts';
import type { IpSource } from '../addresses/ip-source.ts';
import type { KnownPod } from '../feed/table/known-pod.ts';

/** Who owns one address, and by which source. */
export interface AddressFacts {
  readonly ip: string;
  /** The source: a CNI result, the Pod's status or the node's own addresses. */
  readonly by: 'cni' | 'pod-status' | 'node' | 'nobody';
  /** What the source says, in words. */
  readonly says: string;
  readonly caller: Caller;
}

export interface AddressesDeps {
  readonly peek: Callers['peek'];
  readonly source: () => IpSource;
  readonly cniResults: Pick<CniResults, 'owner' | 'ips'>;
}

/** What the agent knows about addresses, for the status. */
export function createAddresses({ peek, source, cniResults }: AddressesDeps) {
  function factsOf(ip: string): AddressFacts {
    const caller = peek(ip);
    const owner = cniResults.owner(ip);
    if (caller.kind === 'node') return { ip, by: 'node', says: "one of the node's own addresses", caller };
    if (owner !== undefined) {
      const { uid = 'without a UID', namespace, name, since } = owner;
      const says = `CNI result of ${isoOf(since)} names ${namespace}/${name} (${uid})`;
      return { ip, by: 'cni', says, caller };
    }
    if (caller.kind === 'unknown') return { ip, by: 'nobody', says: 'no known owner', caller };
    return { ip, by: 'pod-status', says: 'the Pod status has it, but no CNI result does', caller };
  }

  function cniIpsOf(pod: KnownPod): readonly string[] {
    return cniResults.ips().filter((ip) => {
      const owner = cniResults.owner(ip);
      if (owner === undefined) return false;
      return owner.uid === undefined
        ? owner.namespace === pod.namespace && owner.name === pod.name
        : [pod.uid, pod.runtimeUid].includes(owner.uid);
    });
  }

  return {
    source,
    factsOf,
    ipsOf: (pod: KnownPod) => [...new Set([...pod.ips, ...cniIpsOf(pod)])],
    /** Addresses that the runtime gave to a Pod of this name or UID, even if the feed does not know the Pod. */
    named: (name: string) =>
      cniResults.ips().filter((ip) => {
        const owner = cniResults.owner(ip);
        return owner !== undefined && [owner.uid, `${owner.namespace}/${owner.name}`].includes(name);
      }),
  };
}

export type Addresses = ReturnType<typeof createAddresses>;

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
