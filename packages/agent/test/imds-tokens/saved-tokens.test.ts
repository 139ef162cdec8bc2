import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { createFakeClock } from '@rolegate/testing';
import type { SavedTokens } from '../../src/imds-tokens/token-keys.ts';
import { createTokens } from '../../src/imds-tokens/tokens.ts';

const BEARER = { ip: '10.0.0.7', uid: 'u' };
const A = { id: 'a', secret: Buffer.alloc(32, 1) };
const B = { id: 'b', secret: Buffer.alloc(32, 2) };
const SIX_HOURS_MS = 21_600_000;

function setup() {
  const clock = createFakeClock();
  let changes = 0;
  const make = (kept?: SavedTokens) =>
    createTokens({ clock, randomBytes, kept, changed: () => (changes += 1) });
  return { clock, make, changes: () => changes };
}

it('Tokens outlive the process that made them, whether its own key or one of the feed signed them', () => {
  const { make } = setup();
  const first = make();
  const early = first.mint({ ...BEARER, ttlSeconds: 60 });
  first.setKeys([A]);
  const later = first.mint({ ...BEARER, ttlSeconds: 60 });
  const second = make(first.kept());
  expect([early, later].map((token) => second.check(token, BEARER))).toEqual(['ok', 'ok']);
});

it('Tokens made after the keys were saved are valid in the next process until they expire', () => {
  const { make, clock } = setup();
  const first = make();
  first.setKeys([A]);
  const kept = first.kept();
  const token = first.mint({ ...BEARER, ttlSeconds: 21_600 });
  const second = make(kept);
  second.setKeys([B]); // of a replica with another secret
  clock.jumpWall(SIX_HOURS_MS - 1);
  expect(second.check(token, BEARER)).toBe('ok');
  clock.jumpWall(1);
  expect(second.check(token, BEARER)).toBe('invalid');
});

it('A saved token key that the previous process never signed with is valid only while the feed has it', () => {
  const { make } = setup();
  const first = make();
  first.setKeys([A, B]);
  const other = make();
  other.setKeys([B]);
  const foreign = other.mint({ ...BEARER, ttlSeconds: 60 });
  const second = make(first.kept());
  expect(second.check(foreign, BEARER)).toBe('ok');
  second.setKeys([A]);
  expect(second.check(foreign, BEARER)).toBe('invalid');
});

it('A change of token keys is reported as a change of state, and a new token is not', () => {
  const { make, changes } = setup();
  const tokens = make();
  tokens.mint({ ...BEARER, ttlSeconds: 60 });
  expect(changes()).toBe(0);
  tokens.setKeys([A]);
  expect(changes()).toBe(1);
});
