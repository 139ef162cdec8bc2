import { retired } from './authorities.ts';
import type { Authorities, KnownAuthority } from './authorities.ts';
import { writeShared } from './secret.ts';
import type { Shared } from './secret.ts';
import type { AuthorityState } from './rotation.ts';

export const olderSecretKinds = ['older', 'unnumbered'] as const;

/** A Secret that differs from what a replica knows without being newer. */
export interface OlderSecret {
  /** unnumbered: only the generation is missing, as when a server of 0.1 wrote it. */
  readonly found: (typeof olderSecretKinds)[number];
  /** Of the Secret. */
  readonly generation: number;
  /** Ids of its authorities that are not accepted: withdrawn, or unknown here. */
  readonly refused: readonly string[];
}

export interface Merged {
  /** The merged state; `authorities` may have no active one. */
  readonly shared: Shared;
  readonly older?: OlderSecret;
}

/** The order of an authority's states; it never goes back. */
const PASSED: Readonly<Record<AuthorityState, number>> = { prepared: 0, active: 1, retired: 2 };

/**
 * Merges a Secret with what this replica knows (ADR 17). A higher generation is followed. From a lower one, or an equal one with
 * other contents, only progress is accepted: withdrawals, and later states of authorities. What either side has withdrawn stays
 * withdrawn.
 */
export function mergedShared(read: Shared, known: Shared, nowMs: number): Merged {
  if (read.generation > known.generation)
    return { shared: { ...read, authorities: followed(read.authorities, known.authorities, nowMs) } };
  if (read.generation === known.generation && isSame(read, known)) return { shared: read };
  return {
    shared: { ...known, authorities: advanced(known.authorities, read.authorities, nowMs) },
    older: {
      found: read.generation === 0 && !isBehind(read, known, nowMs) ? 'unnumbered' : 'older',
      generation: read.generation,
      refused: refusedOf(read.authorities, known.authorities).map(({ id }) => id),
    },
  };
}

/** The newer authorities; those that only this replica knows stay trusted as retired. The same object if nothing is missing. */
function followed(newer: Authorities, known: Authorities, nowMs: number): Authorities {
  const removed = united(newer.removed, known.removed, nowMs);
  const staying = withoutIds(newer.all, removed);
  const hasActive = staying.some(({ state }) => state === 'active');
  const missing = withoutIds(withoutIds(known.all, newer.all), removed).filter(
    ({ endsMs }) => endsMs > nowMs,
  );
  const isComplete = staying.length === newer.all.length && removed.length === newer.removed.length;
  if (isComplete && missing.length === 0) return newer;
  const remembered = missing.map((one) => {
    const stays = one.state === 'retired' || (one.state === 'active' && !hasActive);
    return stays ? one : retired(one, nowMs);
  });
  return { all: [...staying, ...remembered], removed };
}

/** What this replica knows, with the progress of the older Secret. */
function advanced(known: Authorities, older: Authorities, nowMs: number): Authorities {
  // Withdrawn for all replicas: others may have read the older Secret first.
  const refused = refusedOf(older, known).map(({ id, endsMs }) => ({ id, endsMs }));
  const removed = united(united(known.removed, older.removed, nowMs), refused, nowMs);
  const stateThere = new Map(older.all.map(({ id, state }) => [id, state]));
  const all = withoutIds(known.all, removed).map((authority) =>
    further(authority, stateThere.get(authority.id), nowMs),
  );
  const active = all.filter(({ state }) => state === 'active');
  if (active.length <= 1) return { all, removed };
  // Keep the one that this replica knows as active.
  const signer = known.all.find(({ state }) => state === 'active')?.id;
  const extra = active.filter(({ id }) => id !== signer);
  return { all: all.map((one) => (extra.includes(one) ? retired(one, nowMs) : one)), removed };
}

function further(authority: KnownAuthority, there: AuthorityState | undefined, nowMs: number) {
  if (there === undefined || PASSED[there] <= PASSED[authority.state]) return authority;
  return there === 'retired' ? retired(authority, nowMs) : { ...authority, state: there, sinceMs: nowMs };
}

/** Authorities that only the older Secret has are not trusted: they may have been withdrawn before this replica started. */
function refusedOf(older: Authorities, known: Authorities): KnownAuthority[] {
  return withoutIds(older.all, known.all);
}

/** Whether the Secret lacks something that is known here, or has something that is not. */
function isBehind(read: Shared, known: Shared, nowMs: number): boolean {
  const [there, here] = [read.authorities, known.authorities];
  const living = (one: { readonly endsMs: number }) => one.endsMs > nowMs;
  const stateHere = new Map(here.all.map(({ id, state }) => [id, state]));
  return (
    !read.tokenSecret.equals(known.tokenSecret) ||
    withoutIds(here.removed, there.removed).some(living) ||
    withoutIds(withoutIds(here.all, there.all), there.removed).some(living) ||
    refusedOf(there, here).length > 0 ||
    there.all.some(({ id, state }) => PASSED[state] < PASSED[stateHere.get(id) ?? state])
  );
}

function isSame(one: Shared, other: Shared): boolean {
  const [a, b] = [writeShared(one), writeShared(other)];
  return Object.keys(a).every((key) => a[key] === b[key]);
}

type Removed = Authorities['removed'];

/** All of the first, and those of the second that are missing in it and not expired. */
function united(first: Removed, second: Removed, nowMs: number): Removed {
  return [...first, ...withoutIds(second, first).filter(({ endsMs }) => endsMs > nowMs)];
}

function withoutIds<T extends { readonly id: string }>(
  these: readonly T[],
  those: readonly { readonly id: string }[],
): T[] {
  const ids = new Set(those.map(({ id }) => id));
  return these.filter(({ id }) => !ids.has(id));
}
