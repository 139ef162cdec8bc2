import type { Caller } from '../addresses/caller.ts';
import type { Callers } from '../addresses/callers.ts';
import type { CniResults } from '../addresses/cni-results.ts';
import type { IpSource } from '../addresses/ip-source.ts';
import type { KnownPod } from '../feed/table/known-pod.ts';

/** Who owns one address, and who says so. */
export interface AddressFacts {
  readonly ip: string;
  /** What tells of it: a CNI result, the Pods' status, or nothing. */
  readonly by: 'cni' | 'pod-status' | 'node' | 'nobody';
  /** In the words of who tells. */
  readonly says: string;
  readonly caller: Caller;
}

export interface AddressesDeps {
  readonly peek: Callers['peek'];
  readonly source: () => IpSource;
  readonly cniResults: Pick<CniResults, 'owner' | 'ips'>;
}

/** What the agent knows of addresses, for who looks. */
export function createAddresses({ peek, source, cniResults }: AddressesDeps) {
  function factsOf(ip: string): AddressFacts {
    const caller = peek(ip);
    const owner = cniResults.owner(ip);
    if (caller.kind === 'node') return { ip, by: 'node', says: "one of the node's own addresses", caller };
    if (owner !== undefined) {
      const { uid = 'without a UID', namespace, name, since } = owner;
      const says = `a CNI result of ${isoOf(since)} gives it to ${namespace}/${name} (${uid})`;
      return { ip, by: 'cni', says, caller };
    }
    if (caller.kind === 'unknown') return { ip, by: 'nobody', says: 'nothing says who owns it', caller };
    return { ip, by: 'pod-status', says: 'the status of the Pod has it, and no CNI result', caller };
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
    /** Addresses that the runtime gave to a Pod of this name or UID, known to the feed or not. */
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
