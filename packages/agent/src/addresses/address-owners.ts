import type { KnownPod } from '../feed/table/known-pod.ts';
import { createAddressClaims } from './address-claims.ts';
import type { AddressClaims, AddressClaimsDeps } from './address-claims.ts';
import type { Claim } from './claim.ts';
import { compare } from './cni-files/learned.ts';
import { savedClaims, restoreClaims } from './saved-claims.ts';
import type { SavedClaim, SavedResults } from './saved-claims.ts';

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
  readonly kept: () => readonly SavedClaim[];
  /** What a previous process knew comes before everything that this one learns of. */
  readonly restore: (kept: SavedResults) => void;
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

  return {
    ...claims,
    owner(ip) {
      const claim = claimOn(ip);
      return claim?.pod === undefined || claim.state === 'unreadable'
        ? undefined
        : ownerOf(claim, doubtOf(claim, claims));
    },
    unreadableAt(ip) {
      const claim = claimOn(ip);
      return claim?.state === 'unreadable' ? claim.key : undefined;
    },
    says: (pod, ip) => sayingOn(pod, ip, claims),
    uids: () => [
      ...new Set(
        claims.all().flatMap(({ state, result }) => (state === 'unknown' ? [] : (result.uid ?? []))),
      ),
    ],
    names: (pod) => isNamed(pod, claims),
    ips: () => [...claims.addresses()].flatMap(([ip]) => (claimOn(ip)?.pod === undefined ? [] : [ip])),
    kept: () => savedClaims(claims),
    restore: (kept) => {
      restoreClaims(claims, kept);
    },
  };
}

/** The file for which a claim is in doubt. */
function doubtOf(claim: Claim, { unread }: AddressClaims): string | undefined {
  for (const [key, learned] of unread()) if (compare(claim.learned, learned) <= 0) return key;
  return undefined;
}

function sayingOn(pod: PodNames, ip: string, claims: AddressClaims): Saying {
  const names = namesOf(pod);
  const last = claims.lastOn(ip);
  const newest = names.map(claims.newestOf).find((claim) => claim !== undefined);
  if (newest !== undefined) {
    if (last !== newest || newest.lost.has(ip)) return 'not-own';
    return newest.state === 'unreadable' ? 'unclear' : 'own';
  }
  if (names.some(claims.isReturned)) return 'not-own';
  return last === undefined || last.state === 'unreadable' || doubtOf(last, claims) !== undefined
    ? 'unsaid'
    : 'other';
}

function isNamed(pod: PodNames, claims: AddressClaims): boolean {
  return namesOf(pod).some((name) => {
    const newest = claims.newestOf(name);
    return newest === undefined ? claims.isReturned(name) : newest.state !== 'unknown';
  });
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
function namesOf({ uid, runtimeUid, namespace, name }: PodNames): readonly string[] {
  return [uid, runtimeUid, `${namespace}/${name}`];
}
