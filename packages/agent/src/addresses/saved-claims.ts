import type { AddressClaims } from './address-claims.ts';
import type { Claim } from './claim.ts';
import type { CniResult } from './cni-files/parse-result.ts';
import { inOrder } from './cni-files/learned.ts';

/** One file in the agent's saved state. */
export interface SavedClaim {
  readonly file: string;
  /** With the addresses that it owns. Undefined: the file could not be read. */
  readonly result?: CniResult | undefined;
  readonly lost: readonly string[];
}

/** What a process saves for the next one. */
export interface SavedResults {
  /** In the order in which the files were learned of. Undefined: written by an older agent. */
  readonly claims?: readonly SavedClaim[] | undefined;
  /** UIDs of Pods that have results, or had them until the runtime removed them. */
  readonly named: readonly string[];
}

/** The claims to save, in the order in which they were learned of. */
export function savedClaims({ all, unread }: Pick<AddressClaims, 'all' | 'unread'>): readonly SavedClaim[] {
  const read = all().filter(({ pod }) => pod !== undefined);
  const readable = read.map((claim) => [claim.learned, { file: claim.key, ...partsOf(claim) }] as const);
  const unreadable = Array.from(unread(), ([file, learned]) => [learned, { file, lost: [] }] as const);
  return inOrder<SavedClaim>([...readable, ...unreadable]);
}

/** Restores what a previous process knew, as learned before everything that this process learns. */
export function restoreClaims(claims: AddressClaims, { claims: kept, named }: SavedResults): void {
  if (kept === undefined) return;
  kept.forEach(({ file, result, lost }, at) => {
    const learned = { turn: at - kept.length, createdNs: 0n };
    if (result === undefined) claims.unreadable(file, true, learned);
    else claims.set(file, { result, lost, mtimeNs: 0n, createdNs: undefined }, learned);
    if (result !== undefined) claims.forget(file);
  });
  for (const uid of named) if (claims.newestOf(uid) === undefined) claims.remember(uid);
}

/** The addresses that a claim still owns, and those that it lost. */
export function partsOf({ result, lost }: Claim): {
  readonly result: CniResult;
  readonly lost: readonly string[];
} {
  return { result: { ...result, ips: result.ips.filter((ip) => !lost.has(ip)) }, lost: [...lost] };
}
