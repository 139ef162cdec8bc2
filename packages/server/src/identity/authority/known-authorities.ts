import type { Clock, Log } from '@rolegate/runtime';
import { activeOf, applyStep, bundleOf, newAuthority } from './authorities.ts';
import type { Authorities } from './authorities.ts';
import { logChanges } from './log.ts';
import { mergedShared } from './merge.ts';
import type { OlderSecret } from './merge.ts';
import { nextStep } from './rotation.ts';
import { isEmptied, newTokenSecret, readShared, writeShared } from './secret.ts';
import type { Shared } from './secret.ts';
import type { AuthorityStore, FoundSecret } from './store.ts';

/** A round is one read and at most one write. After this many conflicts, the next look tries again. */
export const MOST_ROUNDS = 8;

/** How long a new replica waits for running ones to restore a lost Secret. They read it every 10 s. Milliseconds. */
const RESTORE_MS = 30_000;

export interface KnownAuthoritiesDeps {
  readonly store: AuthorityStore;
  readonly clock: Clock;
  readonly log: Log;
  /** Lifetime of an authority. Milliseconds. */
  readonly ageMs: number;
  /** The ConfigMap's text when last read. */
  readonly publishedBundle: () => string | undefined;
  /** Called if the Secret is older than what this replica knows. `generation`: that of this replica. */
  readonly onOlder: (older: OlderSecret, generation: number) => void;
}

/** What this replica knows about the authorities. */
export interface KnownAuthorities {
  /** The last valid state; undefined until there is one. */
  readonly shared: () => Shared | undefined;
  /** Reads the Secret and writes what is due until nothing is left to do. */
  readonly settle: () => Promise<void>;
}

export function createKnownAuthorities(deps: KnownAuthoritiesDeps): KnownAuthorities {
  const { store, clock, log, ageMs, onOlder } = deps;
  const others = createWaitForOthers(store, clock);
  let shared: Shared | undefined;

  function adopt(next: Shared): void {
    logChanges(log, shared, next);
    shared = next;
    others.reset();
  }

  /** One read, and at most one write. `mayRestore`: no older Secret has been overwritten yet. */
  async function round(mayRestore: boolean): Promise<'done' | 'again' | 'restored'> {
    const found = await store.readSecret();
    if (found === undefined || isEmptied(found.values)) return remake(found);
    const nowMs = clock.now();
    const read = readShared(found.values, nowMs);
    const merged = shared === undefined ? { shared: read } : mergedShared(read, shared, nowMs);
    const active = await withActive(merged.shared.authorities, { nowMs, ageMs });
    const present = { ...merged.shared, authorities: active };
    // Before anything is written, so that a removed authority is never trusted.
    adopt(present);
    if (merged.older !== undefined) {
      // At most one such write per look, so that two writers do not race.
      if (!mayRestore) return 'done';
      onOlder(merged.older, present.generation);
    }
    const authorities = await rotated(active, { nowMs, ageMs, publishedBundle: deps.publishedBundle() });
    const isNumbered = merged.older === undefined && read.generation > 0;
    if (isNumbered && authorities === read.authorities) return 'done';
    const next = { ...present, authorities, generation: Math.max(read.generation, present.generation) + 1 };
    if (await store.writeSecret(writeShared(next), found)) adopt(next);
    return merged.older === undefined ? 'again' : 'restored';
  }

  /** Writes the Secret again if it is missing or empty. */
  async function remake(found: FoundSecret): Promise<'again'> {
    const nowMs = clock.now();
    const remembered = shared !== undefined && activeOf(shared.authorities).endsMs > nowMs;
    if (shared === undefined) await others.wait();
    const next = shared !== undefined && remembered ? shared : await made(shared, { nowMs, ageMs });
    if (!(await store.writeSecret(writeShared(next), found))) return 'again';
    if (remembered)
      log.warn('authority Secret was missing; restored', {
        hint: 'Find out who deleted or emptied the Secret.',
      });
    adopt(next);
    return 'again';
  }

  return {
    shared: () => shared,
    async settle() {
      let mayRestore = true;
      for (let rounds = 0; rounds < MOST_ROUNDS; rounds += 1) {
        const outcome = await round(mayRestore);
        if (outcome === 'done') return;
        if (outcome === 'restored') mayRestore = false;
      }
    },
  };
}

/** If there is a bundle but no Secret, other replicas still know what was in the Secret. */
function createWaitForOthers(store: AuthorityStore, clock: Clock) {
  let missingSinceMs: number | undefined;
  return {
    /** The Secret exists. */
    reset(): void {
      missingSinceMs = undefined;
    },
    /** Rejects while running servers may still restore the Secret. */
    async wait(): Promise<void> {
      const bundle = await store.readBundle();
      if (bundle?.values.includes('BEGIN CERTIFICATE') !== true) return;
      missingSinceMs ??= clock.monotonic();
      if (clock.monotonic() - missingSinceMs < RESTORE_MS)
        throw new Error(
          'the Secret is missing or empty but its bundle is still published; waiting for a running server to restore it; ' +
            `a new authority is created after ${RESTORE_MS / 1000} s`,
        );
    },
  };
}

interface At {
  readonly nowMs: number;
  readonly ageMs: number;
}

/** A new authority; everything else is taken from `former`. */
async function made(former: Shared | undefined, at: At): Promise<Shared> {
  return {
    authorities: {
      all: [await newAuthority('active', at)],
      removed: former?.authorities.removed ?? [],
    },
    tokenSecret: former?.tokenSecret ?? newTokenSecret(),
    generation: (former?.generation ?? 0) + 1,
  };
}

/** The same object if one is active. If the active one was withdrawn, another is activated. */
async function withActive(authorities: Authorities, at: At): Promise<Authorities> {
  const { all, removed } = authorities;
  if (all.some(({ state }) => state === 'active')) return authorities;
  const successor = all.find(({ state, endsMs }) => state === 'prepared' && endsMs > at.nowMs);
  if (successor !== undefined)
    return applyStep(authorities, { kind: 'activate', id: successor.id }, { nowMs: at.nowMs });
  return { all: [...all, await newAuthority('active', at)], removed };
}

/** The same object if nothing is due. */
async function rotated(
  authorities: Authorities,
  { nowMs, ageMs, publishedBundle }: At & { readonly publishedBundle: string | undefined },
): Promise<Authorities> {
  const step = nextStep(authorities.all, nowMs, ageMs);
  if (step === undefined) return authorities;
  // Agents must be able to learn about the new authority first.
  const isPublished = publishedBundle === bundleOf(authorities);
  if (step.kind === 'activate' && !isPublished && activeOf(authorities).endsMs > nowMs) return authorities;
  const prepared = step.kind === 'prepare' ? await newAuthority('prepared', { nowMs, ageMs }) : undefined;
  return applyStep(authorities, step, { nowMs, made: prepared });
}
