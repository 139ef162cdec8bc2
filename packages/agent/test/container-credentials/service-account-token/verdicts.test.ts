import { expect, it } from 'vitest';
import { createMemory } from '@rolegate/runtime';
import { createFakeClock } from '@rolegate/testing';
import { readPublicKey } from '../../../src/container-credentials/service-account-token/algorithms.ts';
import type { IssuerKey } from '../../../src/container-credentials/service-account-token/issuer-keys.ts';
import { createVerdicts } from '../../../src/container-credentials/service-account-token/verdicts.ts';
import { createKey, ISSUER, POD } from './tokens.ts';

const HOUR_MS = 3_600_000;

function setup() {
  const clock = createFakeClock();
  const { id, publicKey } = createKey();
  const read = readPublicKey(publicKey);
  if (read === undefined) throw new Error('not a key');
  const key: IssuerKey = { id, publicKey, ...read };
  const verdicts = createVerdicts({
    memory: createMemory({ clock }),
    keys: { find: () => key },
    nowMs: () => clock.now(),
  });
  const claimsOf = (podUid: string) => ({
    pod: { ...POD, podUid },
    issuer: ISSUER,
    acceptedUntilMs: clock.now() + HOUR_MS,
  });
  return { clock, verdicts, key, claimsOf };
}

it('A verified token stays valid until it expires, and is then forgotten', async () => {
  const { clock, verdicts, key, claimsOf } = setup();
  verdicts.verified('h', claimsOf('u1'), key);
  await clock.advance(HOUR_MS);
  expect(verdicts.get('h')).toMatchObject({ kind: 'valid', claims: { podUid: 'u1' } });
  await clock.advance(HOUR_MS);
  expect(verdicts.get('h')).toBeUndefined();
  expect(clock.pending).toBe(0);
});

it('A Pod with many tokens displaces only its own', () => {
  const { verdicts, key, claimsOf } = setup();
  verdicts.verified('h', claimsOf('u1'), key);
  verdicts.reviewed('r', claimsOf('u1'));
  verdicts.invalid('i', 'it is bad', 'client-1');
  for (let at = 0; at < 5_000; at += 1) {
    verdicts.verified(`h-${at}`, claimsOf('u2'), key);
    verdicts.reviewed(`r-${at}`, claimsOf('u2'));
    verdicts.invalid(`i-${at}`, 'it is bad', 'client-2');
  }
  expect(['h', 'r', 'i'].map((hash) => verdicts.get(hash)?.kind)).toEqual(['valid', 'valid', 'invalid']);
  expect(verdicts.get('h-0')).toBeUndefined();
});
