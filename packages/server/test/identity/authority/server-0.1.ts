import type { FakeClock } from '@rolegate/testing';
import { applyStep, newAuthority, retired } from '../../../src/identity/authority/authorities.ts';
import type { Authorities } from '../../../src/identity/authority/authorities.ts';
import { readShared } from '../../../src/identity/authority/secret.ts';
import type { SecretValues } from '../../../src/identity/authority/secret.ts';
import { nextStep } from '../../../src/identity/authority/rotation.ts';
import { YEAR_MS } from './setup.ts';
import type { MemoryStore } from './setup.ts';

interface Shared01 {
  readonly authorities: Authorities;
  readonly tokenSecret: Buffer;
}

/** Writes like authority-secret.ts of 0.1.0; authority-secret-0.1.txt is what that really wrote. */
export function write01({ authorities, tokenSecret }: Shared01): SecretValues {
  const all = authorities.all.map(({ id, state, sinceMs, certificatePem, keyPem }) => ({
    id,
    state,
    sinceMs,
    certificatePem,
    ...(keyPem !== undefined && { keyPem }),
  }));
  const text = JSON.stringify({ authorities: all, removed: authorities.removed }, null, 1);
  return { 'authorities.json': text, 'token-secret': tokenSecret.toString('hex') };
}

/** A replica of 0.1.0: it follows whatever is there, adds what it remembers, and writes without a generation. */
export function createReplica01({ memory, clock }: { memory: MemoryStore; clock: FakeClock }) {
  const { store } = memory;
  let shared: Shared01 | undefined;
  let writes = 0;

  async function settle(): Promise<boolean> {
    const found = await store.readSecret();
    if (found === undefined) throw new Error('the test has no Secret');
    const nowMs = clock.now();
    const { authorities: kept, tokenSecret } = readShared(found.values, nowMs);
    const known = shared === undefined ? kept : withRemembered(kept, shared.authorities, nowMs);
    shared = { authorities: known, tokenSecret };
    const step = nextStep(known.all, nowMs, YEAR_MS);
    const made =
      step?.kind === 'prepare' ? await newAuthority('prepared', { nowMs, ageMs: YEAR_MS }) : undefined;
    const authorities = step === undefined ? known : applyStep(known, step, { nowMs, made });
    if (authorities === kept) return true;
    if (await store.writeSecret(write01({ authorities, tokenSecret }), found)) {
      writes += 1;
      shared = { authorities, tokenSecret };
    }
    return false;
  }

  return {
    async look(): Promise<void> {
      for (let round = 0; round < 8; round += 1) if (await settle()) return;
    },
    ids: () => shared?.authorities.all.map(({ id }) => id) ?? [],
    writes: () => writes,
  };
}

function withRemembered(kept: Authorities, known: Authorities, nowMs: number): Authorities {
  const active = kept.all.find(({ state }) => state === 'active')?.id;
  const alreadyRemoved = new Set(kept.removed.map(({ id }) => id));
  const removedSince = known.removed.filter(
    ({ id, endsMs }) => id !== active && endsMs > nowMs && !alreadyRemoved.has(id),
  );
  const removed = [...kept.removed, ...removedSince];
  const isRemoved = ({ id }: { readonly id: string }) => removed.some((one) => one.id === id);
  const there = new Set(kept.all.map(({ id }) => id));
  const missing = known.all.filter(
    (authority) => !there.has(authority.id) && !isRemoved(authority) && authority.endsMs > nowMs,
  );
  if (missing.length + removedSince.length === 0) return kept;
  const remembered = missing.map((authority) =>
    authority.state === 'retired' ? authority : retired(authority, nowMs),
  );
  return {
    all: [...kept.all.filter((one) => one.id === active || !isRemoved(one)), ...remembered],
    removed,
  };
}
