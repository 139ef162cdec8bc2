import type { Clock, Log } from '@rolegate/runtime';
import { activeOf, applyStep, AuthorityFault, bundleOf, newAuthority } from './authorities.ts';
import type { Authorities } from './authorities.ts';
import { logChanges } from './log.ts';
import { mergedShared } from './merge.ts';
import { isEmptied, newTokenSecret, readShared, writeShared } from './secret.ts';
import type { Shared } from './secret.ts';
import type { AuthorityStore, FoundSecret } from './store.ts';
import { createComplaint } from './complaint.ts';
import { createOlderSecretLog } from './older-secret-log.ts';
import type { OlderSecret } from './older-secret-log.ts';
import { nextStep } from './rotation.ts';
import type { RotationStep } from './rotation.ts';

/** Each round is a read and at most one write; after so many lost races the next look tries again. */
const MOST_ROUNDS = 8;

/** A new replica leaves those that run so long to put back a Secret that was lost. They look every 10 s. Milliseconds. */
const RESTORE_MS = 30_000;

export interface AuthorityKeeperDeps {
  readonly store: AuthorityStore;
  readonly clock: Clock;
  readonly log: Log;
  /** Of the Secret and the ConfigMap, for the log. */
  readonly where: { readonly namespace: string; readonly name: string };
  /** Life of an authority. Milliseconds. */
  readonly ageMs: number;
  /** Faults after it has aborted are not told. */
  readonly signal: AbortSignal;
  /** Counts a Secret that was not newer than what this replica knows. */
  readonly authorityOlder: (found: OlderSecret['found']) => void;
}

/** Holds what the replicas share: reads it, mends it, and lets it rotate. */
export interface AuthorityKeeper {
  /** The last that was good; undefined until there was one. */
  readonly shared: () => Shared | undefined;
  /** What is wrong with the Secret, the ConfigMap, or the way to them, or was within the last hour: an older Secret. */
  readonly condition: () => string | undefined;
  /** Looks at both, and does what is due. Never rejects. */
  readonly look: () => Promise<void>;
}

export function createAuthorityKeeper(deps: AuthorityKeeperDeps): AuthorityKeeper {
  const { store, clock, log, where: fields, ageMs, signal } = deps;
  const secretFault = createComplaint({ log, signal, what: 'authorities', fields });
  const bundleFault = createComplaint({ log, signal, what: 'authority bundle', fields });
  const olderSecret = createOlderSecretLog({ clock, log, fields, count: deps.authorityOlder });
  let shared: Shared | undefined;
  let publishedBundle: string | undefined;
  let missingSinceMs: number | undefined;
  let hasMerged = false;

  function adopt(next: Shared): void {
    logChanges(log, shared, next);
    shared = next;
    missingSinceMs = undefined;
  }

  /** True when there is nothing more to do; false: look again. */
  async function settle(): Promise<boolean> {
    const found = await store.readSecret();
    if (found === undefined || isEmptied(found.values)) return remake(found);
    const nowMs = clock.now();
    const read = readShared(found.values, nowMs);
    const merged = shared === undefined ? { shared: read } : mergedShared(read, shared, nowMs);
    const present = { ...merged.shared, authorities: await withActive(merged.shared.authorities, nowMs) };
    // Before anything is written: what was withdrawn is trusted at no moment.
    adopt(present);
    if (merged.older !== undefined) {
      // Whoever puts it back at once meets one write a look, not a race.
      if (hasMerged) return true;
      hasMerged = true;
      olderSecret.tell(merged.older, present.generation);
    }
    const authorities = await rotated(present.authorities, nowMs);
    const isNumbered = merged.older === undefined && read.generation > 0;
    if (isNumbered && authorities === read.authorities) return true;
    const generation = Math.max(read.generation, present.generation) + 1;
    const next = { ...present, authorities, generation };
    if (await store.writeSecret(writeShared(next), found)) adopt(next);
    return false;
  }

  /** The same object if one is active. Else this replica has learned that the active one was withdrawn. */
  async function withActive(authorities: Authorities, nowMs: number): Promise<Authorities> {
    const { all, removed } = authorities;
    if (all.some(({ state }) => state === 'active')) return authorities;
    const heir = all.find(({ state, endsMs }) => state === 'prepared' && endsMs > nowMs);
    if (heir !== undefined) return applyStep(authorities, { kind: 'activate', id: heir.id }, { nowMs });
    return { all: [...all, await newAuthority('active', { nowMs, ageMs })], removed };
  }

  async function remake(found: FoundSecret): Promise<boolean> {
    const nowMs = clock.now();
    const remembered = shared !== undefined && activeOf(shared.authorities).endsMs > nowMs;
    if (shared === undefined) await waitForOthers();
    const next: Shared =
      shared !== undefined && remembered
        ? shared
        : {
            authorities: {
              all: [await newAuthority('active', { nowMs, ageMs })],
              removed: shared?.authorities.removed ?? [],
            },
            tokenSecret: shared?.tokenSecret ?? newTokenSecret(),
            generation: (shared?.generation ?? 0) + 1,
          };
    if (await store.writeSecret(writeShared(next), found)) {
      if (remembered) log.warn('authority secret was lost, and is written again');
      adopt(next);
    }
    return false;
  }

  /** A bundle without its Secret: replicas that run still know what was in it. */
  async function waitForOthers(): Promise<void> {
    const bundle = await store.readBundle();
    if (bundle?.values.includes('BEGIN CERTIFICATE') !== true) return;
    missingSinceMs ??= clock.monotonic();
    if (clock.monotonic() - missingSinceMs < RESTORE_MS)
      throw new Error(
        'the Secret is gone or empty and its bundle is still published: servers that run may write it again; ' +
          `else a new authority is made after ${RESTORE_MS / 1000} s`,
      );
  }

  /** The same object where nothing is due. */
  async function rotated(authorities: Authorities, nowMs: number): Promise<Authorities> {
    const step = nextStep(authorities.all, nowMs, ageMs);
    if (step === undefined || isHeld(step, authorities, nowMs)) return authorities;
    const made = step.kind === 'prepare' ? await newAuthority('prepared', { nowMs, ageMs }) : undefined;
    return applyStep(authorities, step, { nowMs, made });
  }

  /** Agents must have been able to learn of what they are to trust. */
  function isHeld({ kind }: RotationStep, authorities: Authorities, nowMs: number): boolean {
    return (
      kind === 'activate' && publishedBundle !== bundleOf(authorities) && activeOf(authorities).endsMs > nowMs
    );
  }

  async function publish(pem: string): Promise<void> {
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      const found = await store.readBundle();
      publishedBundle = found?.values;
      if (publishedBundle === pem) return;
      if (await store.writeBundle(pem, found)) log.info('authority bundle published');
    }
  }

  async function settleAll(): Promise<void> {
    for (let round = 0; round < MOST_ROUNDS; round += 1) if (await settle()) return;
  }

  return {
    shared: () => shared,
    condition: () => secretFault.current() ?? bundleFault.current() ?? olderSecret.lately(),
    async look() {
      hasMerged = false;
      await secretFault.during(settleAll, hintOf);
      const known = shared;
      if (known !== undefined)
        await bundleFault.during(() => publish(bundleOf(known.authorities)), ownHintOf);
    },
  };

  function hintOf(error: unknown): string | undefined {
    if (!(error instanceof AuthorityFault) || error.hint !== undefined) return ownHintOf(error);
    return shared === undefined
      ? 'correct the Secret, or empty it: then a new authority is made'
      : 'the last good authorities stay; correct the Secret, or empty it: then they are written again';
  }
}

function ownHintOf(error: unknown): string | undefined {
  return error instanceof AuthorityFault ? error.hint : undefined;
}
