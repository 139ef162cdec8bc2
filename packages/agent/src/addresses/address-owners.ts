import type { KnownPod } from '../feed/table/known-pod.ts';
import { createAddressClaims } from './address-claims.ts';
import type { AddressClaims, AddressClaimsDeps } from './address-claims.ts';
import type { Claim } from './claim.ts';
import { compare } from './cni-files/learned.ts';
import { savedClaims, restoreClaims } from './saved-claims.ts';
import type { SavedClaim, SavedResults } from './saved-claims.ts';

/** The Pod that owns an address, as the runtime names it. */
export interface Owner {
  readonly uid?: string;
  readonly namespace: string;
  readonly name: string;
  /** When its result file was written, by the file system's clock. Milliseconds since the epoch. */
  readonly since: number;
  /** A newer unreadable file that may name the address too: the result counts only if the Pod's status confirms it. */
  readonly contestedBy?: string;
}

/**
 * What the CNI results say about an address in a Pod's status. `own`: as far as known it is the Pod's. `not-own`: the Pod has
 * or had results, and none that counts names the address. `unclear`: the Pod's result cannot be read now. `other`: the Pod
 * never had a result, and the last known owner is another Pod. `unsaid`: nothing, or nothing certain.
 */
export type Saying = 'own' | 'not-own' | 'other' | 'unclear' | 'unsaid';

/** The names that a result may have for a Pod. */
export type PodNames = Pick<KnownPod, 'uid' | 'runtimeUid' | 'namespace' | 'name'>;

export interface AddressOwners extends AddressClaims {
  readonly owner: (ip: string) => Owner | undefined;
  /** The unreadable file that named the address last; undefined: there is none. */
  readonly unreadableAt: (ip: string) => string | undefined;
  readonly says: (pod: PodNames, ip: string) => Saying;
  readonly uids: () => readonly string[];
  /** True if a file is of this Pod, or was until the runtime removed it. */
  readonly names: (pod: PodNames) => boolean;
  /** The addresses that have an owner, or had one when their file was last read. */
  readonly ips: () => readonly string[];
  readonly kept: () => readonly SavedClaim[];
  /** Restores what a previous process knew. Counts as learned before everything that this process learns. */
  readonly restore: (kept: SavedResults) => void;
}

export interface AddressOwnersDeps extends Pick<AddressClaimsDeps, 'memory' | 'isNamed'> {
  /** Called synchronously when a Pod loses an address. */
  readonly released?: (() => void) | undefined;
  /** False: the directory has not been read completely. By default true for all. */
  readonly isComplete?: (directory: string) => boolean;
}

/** Which Pod owns which address, by the result files. */
export function createAddressOwners({
  released = () => undefined,
  isComplete = () => true,
  ...forgetting
}: AddressOwnersDeps = {}): AddressOwners {
  const claims = createAddressClaims({ released, ...forgetting });

  /** The claim on an address that counts. */
  function claimOn(ip: string): Claim | undefined {
    const claim = claims.lastOn(ip);
    return claim === undefined || claim.lost.has(ip) || !isCurrent(claim) ? undefined : claim;
  }

  /** A directory that has not been read completely may hold a newer claim. */
  function isCurrent({ state, directory }: Claim): boolean {
    return state !== 'unknown' && isComplete(directory);
  }

  return {
    ...claims,
    owner(ip) {
      const claim = claimOn(ip);
      return claim?.pod === undefined || claim.state === 'unreadable'
        ? undefined
        : ownerOf(claim, contestingFile(claim, claims));
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

/** The file because of which a claim is uncertain. */
function contestingFile(claim: Claim, { unread }: AddressClaims): string | undefined {
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
  return last === undefined || last.state === 'unreadable' || contestingFile(last, claims) !== undefined
    ? 'unsaid'
    : 'other';
}

function isNamed(pod: PodNames, claims: AddressClaims): boolean {
  return namesOf(pod).some((name) => {
    const newest = claims.newestOf(name);
    return newest === undefined ? claims.isReturned(name) : newest.state !== 'unknown';
  });
}

function ownerOf({ result, stamp: { createdNs, mtimeNs } }: Claim, contestedBy: string | undefined): Owner {
  const { uid, namespace, name } = result;
  return {
    ...(uid !== undefined && { uid }),
    namespace,
    name,
    since: Number((createdNs ?? mtimeNs) / 1_000_000n),
    ...(contestedBy !== undefined && { contestedBy }),
  };
}

/** UIDs contain no slash, so UIDs and full names can be keys of one map. */
function namesOf({ uid, runtimeUid, namespace, name }: PodNames): readonly string[] {
  return [uid, runtimeUid, `${namespace}/${name}`];
}
