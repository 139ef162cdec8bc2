import { canonicalIp } from '@rolegate/runtime';
import type { PodTable } from '../feed/table/pod-table.ts';
import type { Owner } from './address-owners.ts';
import type { Caller } from './caller.ts';
import type { CniResults } from './cni-results.ts';
import { isLive } from './ip-source.ts';
import type { IpSource } from './ip-source.ts';
import type { StatusOwners } from './status-owners.ts';

export interface IdentifyDeps {
  readonly table: Pick<PodTable, 'pod' | 'podByRuntimeUid' | 'podByName'>;
  /** Undefined: no directory is configured. */
  readonly cniResults: Pick<CniResults, 'owner' | 'unreadableAt' | 'awaited'> | undefined;
  readonly byStatus: Pick<StatusOwners, 'owner' | 'confirms'>;
  /** The node's own addresses, of both families. */
  readonly nodeIps: readonly string[];
}

/** Identifies the caller behind a canonical address. `source` applies if no CNI result names the address. */
export function createIdentify(deps: IdentifyDeps): (source: IpSource, ip: string) => Caller {
  const { table, cniResults, byStatus } = deps;
  const nodeIps = new Set(deps.nodeIps.map((ip) => canonicalIp(ip) ?? ip));

  function fromOwner(owner: Owner, ip: string): Caller {
    const { uid, namespace, name, contestedBy } = owner;
    const pod =
      uid === undefined ? table.podByName(namespace, name) : (table.pod(uid) ?? table.podByRuntimeUid(uid));
    if (pod === undefined) return unknown(`the feed to list Pod ${namespace}/${name}`, owner);
    if (!isLive(pod)) return unknown('a Pod that has not ended', owner);
    if (contestedBy !== undefined && !byStatus.confirms(pod, ip)) return undecided(unreadable(contestedBy));
    return { kind: 'pod', pod };
  }

  /** The result of a Pod that was identified by its status may not have been read yet, although it exists before the Pod runs. */
  function withoutResult(ip: string): Caller {
    const waitsFor = 'a CNI result with this address';
    return byStatus.owner(ip).kind === 'pods' ? undecided(waitsFor) : unknown(waitsFor);
  }

  function fromStatus(ip: string): Caller {
    const owner = byStatus.owner(ip);
    if (owner.kind === 'none') return unknown(owner.waitsFor);
    if (owner.kind === 'node') return { kind: 'node' };
    const [pod] = owner.pods;
    return pod !== undefined && owner.pods.length === 1
      ? { kind: 'pod', pod }
      : { kind: 'ambiguous', pods: owner.pods };
  }

  return (source, ip) => {
    if (nodeIps.has(ip)) return { kind: 'node' };
    const awaited = cniResults?.awaited;
    if (awaited !== undefined) return undecided(awaited);
    const owner = cniResults?.owner(ip);
    // The runtime has the last word on an address: Pod status may still show its former owner.
    if (owner !== undefined) return fromOwner(owner, ip);
    const file = cniResults?.unreadableAt(ip);
    if (file !== undefined) return undecided(unreadable(file));
    return source === 'cni' ? withoutResult(ip) : fromStatus(ip);
  };
}

type Unknown = Extract<Caller, { kind: 'unknown' }>;

export function unknown(waitsFor: string, owner?: Pick<Owner, 'uid' | 'namespace'>): Unknown {
  if (owner === undefined) return { kind: 'unknown', waitsFor };
  const { uid, namespace } = owner;
  return { kind: 'unknown', waitsFor, namespace, ...(uid !== undefined && { uid }) };
}

function unreadable(file: string): string {
  return `CNI result ${file}, which cannot be read`;
}

/** The owner may have changed; that cannot be determined at present. */
function undecided(waitsFor: string): Unknown {
  return { kind: 'unknown', waitsFor, undecided: true };
}
