import type { KnownPod } from '../feed/known-pod.ts';
import { createAddressClaims } from './address-claims.ts';
import type { AddressClaims, AddressClaimsDeps } from './address-claims.ts';

import type { Claim } from './claim.ts';
import { compare, inOrder } from './cni-files/learned.ts';
import type { CniResult } from './cni-files/cni-result.ts';

/** The Pod that owns an address, in the runtime's words. */
export interface Owner {
  readonly uid?: string;
  readonly namespace: string;
  readonly name: string;
  /** When its result file was written, as the file system has it. Milliseconds since the epoch. */
  readonly since: number;
  /** A newer file that cannot be read and may name the address too: the result counts only if the Pod's status confirms it. */
  readonly inDoubtBy?: string;
}

/**
 * What the CNI results say of an address in a Pod's status. `own`: it is the Pod's, as far as is known. `not-own`: the Pod has or
 * had results, and the address is in none that counts. `unclear`: the Pod's result cannot be read now. `other`: of this Pod there
 * was never a result, and the last known owner is another one. `unsaid`: nothing, or nothing that is beyond doubt.
 */
export type Saying = 'own' | 'not-own' | 'other' | 'unclear' | 'unsaid';

/** The names by which a Pod may be in a result. */
export type PodNames = Pick<KnownPod, 'uid' | 'runtimeUid' | 'namespace' | 'name'>;

/** What is known of one file, as the agent's state has it. */
export interface KeptClaim {
  readonly file: string;
  /** With the addresses that it owns. Undefined: the file could not be read. */
  readonly result?: CniResult | undefined;
  readonly lost: readonly string[];
}

/** What a process leaves to the next one. */
export interface KeptResults {
  /** In the order in which the files were learned of. Undefined: an older agent wrote it. */
  readonly claims?: readonly KeptClaim[] | undefined;
  /** UIDs of Pods that have results, or had until the runtime removed them. */
  readonly named: readonly string[];
}

export interface AddressOwners extends AddressClaims {
  readonly owner: (ip: string) => Owner | undefined;
  /** The file that named the address last and cannot be read now; undefined: there is none. */
  readonly unreadableAt: (ip: string) => string | undefined;
  readonly says: (pod: PodNames, ip: string) => Saying;
  readonly uids: () => readonly string[];
  /** True if a file is of this Pod, or was until the runtime removed it. */
  readonly names: (pod: PodNames) => boolean;
  /** The addresses that are owned, or were when their file was last read. */
  readonly ips: () => readonly string[];
  readonly kept: () => readonly KeptClaim[];
  /** What a previous process knew comes before everything that this one learns of. */
  readonly restore: (kept: KeptResults) => void;
}

export interface AddressOwnersDeps extends Pick<AddressClaimsDeps, 'memory' | 'isNamed'> {
  /** Called at once when a Pod loses an address. */
  readonly released?: (() => void) | undefined;
  /** False: what is known of the directory is not complete. By default all are. */
  readonly isComplete?: (directory: string) => boolean;
}

/** Who owns which address, by the result files. */
export function createAddressOwners({
  released = () => undefined,
  isComplete = () => true,
  ...forgetting
}: AddressOwnersDeps = {}): AddressOwners {
  const claims = createAddressClaims({ released, ...forgetting });

  /** The claim that counts on an address. */
  function claimOn(ip: string): Claim | undefined {
    const claim = claims.lastOn(ip);
    return claim === undefined || claim.lost.has(ip) || !isCurrent(claim) ? undefined : claim;
  }

  /** A newer claim might be among what a directory has and is not known yet. */
  function isCurrent({ state, directory }: Claim): boolean {
    return state !== 'unknown' && isComplete(directory);
  }

  function owner(ip: string): Owner | undefined {
    const claim = claimOn(ip);
    return claim?.pod === undefined || claim.state === 'unreadable'
      ? undefined
      : ownerOf(claim, doubtOf(claim));
  }

  /** The file for which a claim is in doubt. */
  function doubtOf(claim: Claim): string | undefined {
    for (const [key, learned] of claims.unread()) if (compare(claim.learned, learned) <= 0) return key;
    return undefined;
  }

  function says(pod: PodNames, ip: string): Saying {
    const names = [pod.uid, pod.runtimeUid, fullName(pod)];
    const last = claims.lastOn(ip);
    const newest = names.map(claims.newestOf).find((claim) => claim !== undefined);
    if (newest !== undefined) {
      if (last !== newest || newest.lost.has(ip)) return 'not-own';
      return newest.state === 'unreadable' ? 'unclear' : 'own';
    }
    if (names.some(claims.isReturned)) return 'not-own';
    return last === undefined || last.state === 'unreadable' || doubtOf(last) !== undefined
      ? 'unsaid'
      : 'other';
  }

  function names(pod: PodNames): boolean {
    return [pod.uid, pod.runtimeUid, fullName(pod)].some((name) => {
      const newest = claims.newestOf(name);
      return newest === undefined ? claims.isReturned(name) : newest.state !== 'unknown';
    });
  }

  return {
    ...claims,
    owner,
    unreadableAt(ip) {
      const claim = claimOn(ip);
      return claim?.state === 'unreadable' ? claim.key : undefined;
    },
    says,
    uids: () => [
      ...new Set(
        claims.all().flatMap(({ state, result }) => (state === 'unknown' ? [] : (result.uid ?? []))),
      ),
    ],
    names,
    ips: () => [...claims.addresses()].flatMap(([ip]) => (claimOn(ip)?.pod === undefined ? [] : [ip])),
    kept() {
      const read = claims.all().filter(({ pod }) => pod !== undefined);
      return inOrder<KeptClaim>([
        ...read.map((claim) => [claim.learned, { file: claim.key, ...partsOf(claim) }] as const),
        ...[...claims.unread()].map(([file, learned]) => [learned, { file, lost: [] }] as const),
      ]);
    },
    restore({ claims: kept, named }) {
      if (kept === undefined) return;
      kept.forEach(({ file, result, lost }, at) => {
        const learned = { turn: at - kept.length, createdNs: 0n };
        if (result === undefined) claims.unreadable(file, true, learned);
        else claims.set(file, { result, lost, mtimeNs: 0n, createdNs: undefined }, learned);
        if (result !== undefined) claims.forget(file);
      });
      for (const uid of named) if (claims.newestOf(uid) === undefined) claims.remember(uid);
    },
  };
}

/** The addresses of a claim that are its own still, and those that it lost. */
export function partsOf({ result, lost }: Claim): {
  readonly result: CniResult;
  readonly lost: readonly string[];
} {
  return { result: { ...result, ips: result.ips.filter((ip) => !lost.has(ip)) }, lost: [...lost] };
}

function ownerOf({ result, stamp: { createdNs, mtimeNs } }: Claim, inDoubtBy: string | undefined): Owner {
  const { uid, namespace, name } = result;
  return {
    ...(uid !== undefined && { uid }),
    namespace,
    name,
    since: Number((createdNs ?? mtimeNs) / 1_000_000n),
    ...(inDoubtBy !== undefined && { inDoubtBy }),
  };
}

/** No UID has a slash: full names and UIDs can be keys of one map. */
function fullName({ namespace, name }: PodNames): string {
  return `${namespace}/${name}`;
}
