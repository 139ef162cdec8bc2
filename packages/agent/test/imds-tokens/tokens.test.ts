import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createMemory } from '@rolegate/runtime';
import { createFakeClock } from '@rolegate/testing';
import fc from 'fast-check';
import type { AgentMemory } from '../../src/memory/memory.ts';
import { createTokens, parseTtl } from '../../src/imds-tokens/tokens.ts';

const IP = '10.0.0.7';
const A = { id: 'a', secret: Buffer.alloc(32, 1) };
const B = { id: 'b', secret: Buffer.alloc(32, 2) };
const C = { id: 'c', secret: Buffer.alloc(32, 3) };

function setup({ keys = [A] }: { keys?: readonly (typeof A)[] } = {}) {
  const clock = createFakeClock();
  const tokens = createTokens({ clock, randomBytes });
  tokens.setKeys(keys);
  return { clock, tokens };
}

describe('IMDSv2 tokens', () => {
  it('Tokens are opaque, fit into a header and differ each time', () => {
    const { tokens } = setup();
    const made = [1, 2, 3].map(() => tokens.mint({ ip: IP, uid: 'u', ttlSeconds: 60 }));
    expect(new Set(made).size).toBe(3);
    for (const token of made) expect(token).toMatch(/^[A-Za-z0-9_-]{56,}$/);
  });

  it('A token lives as long as its TTL by the wall clock', () => {
    const { tokens, clock } = setup();
    const token = tokens.mint({ ip: IP, ttlSeconds: 60 });
    clock.jumpWall(59_999);
    expect(tokens.check(token, { ip: IP })).toBe('ok');
    clock.jumpWall(1);
    expect(tokens.check(token, { ip: IP })).toBe('invalid');
  });

  it.each([
    { what: 'the same Pod', madeFor: 'u-1', shownBy: 'u-1', ip: IP, result: 'ok' },
    { what: 'another address', madeFor: 'u-1', shownBy: 'u-1', ip: '10.0.0.8', result: 'invalid' },
    { what: 'another Pod', madeFor: 'u-1', shownBy: 'u-2', ip: IP, result: 'invalid' },
    { what: 'a UID that is not known any more', madeFor: 'u-1', shownBy: undefined, ip: IP, result: 'ok' },
    { what: 'the Pod that holds the address then', madeFor: undefined, shownBy: 'u-2', ip: IP, result: 'ok' },
  ])('A token made for UID $madeFor and shown by $what is $result', ({ madeFor, shownBy, ip, result }) => {
    const { tokens } = setup();
    const token = tokens.mint({ ip: IP, uid: madeFor, ttlSeconds: 60 });
    expect(tokens.check(token, { ip, uid: shownBy })).toBe(result);
  });

  it('A token that was valid for one bearer is invalid for another', () => {
    const { tokens } = setup();
    const token = tokens.mint({ ip: IP, uid: 'u-1', ttlSeconds: 60 });
    expect(tokens.check(token, { ip: IP, uid: 'u-1' })).toBe('ok');
    expect(tokens.check(token, { ip: '10.0.0.8', uid: 'u-1' })).toBe('invalid');
    expect(tokens.check(token, { ip: IP, uid: 'u-2' })).toBe('invalid');
  });

  it('A token is valid in another process only if that process has the key that signed it', () => {
    const token = setup().tokens.mint({ ip: IP, uid: 'u', ttlSeconds: 60 });
    expect(setup({ keys: [B, A] }).tokens.check(token, { ip: IP, uid: 'u' })).toBe('ok');
    expect(setup({ keys: [B] }).tokens.check(token, { ip: IP, uid: 'u' })).toBe('invalid');
  });

  it('A token stays valid if its key moves from the first place to the last', () => {
    const { tokens } = setup({ keys: [A, B] });
    const token = tokens.mint({ ip: IP, ttlSeconds: 60 });
    tokens.setKeys([C, A]);
    expect(tokens.check(token, { ip: IP })).toBe('ok');
  });

  it('A token of this agent stays valid until it expires, whichever keys the replicas bring', () => {
    const { tokens, clock } = setup({ keys: [A] });
    const token = tokens.mint({ ip: IP, ttlSeconds: 21_600 });
    const sameId = { id: A.id, secret: B.secret };
    for (let changes = 0; changes < 20; changes++) tokens.setKeys([changes % 2 === 0 ? sameId : C]);
    expect(tokens.check(token, { ip: IP })).toBe('ok');
    clock.jumpWall(21_600_000);
    tokens.setKeys([C]);
    expect(tokens.check(token, { ip: IP })).toBe('invalid');
  });

  it('A token of a former key that this agent never signed with is invalid', () => {
    const forged = setup({ keys: [B] }).tokens.mint({ ip: IP, ttlSeconds: 60 });
    const { tokens } = setup({ keys: [A, B] });
    expect(tokens.check(forged, { ip: IP })).toBe('ok');
    tokens.setKeys([A, C]);
    expect(tokens.check(forged, { ip: IP })).toBe('invalid');
  });

  it('Verified tokens are remembered when a stream brings the same keys again, and forgotten with others', () => {
    const clock = createFakeClock();
    const memory: AgentMemory = createMemory({ clock });
    const tokens = createTokens({ clock, randomBytes, memory });
    tokens.setKeys([A, B]);
    tokens.check(tokens.mint({ ip: IP, ttlSeconds: 60 }), { ip: IP });
    tokens.setKeys([A, B]);
    expect(memory.sizes()['tokens']).toBe(1);
    tokens.setKeys([A]);
    expect(memory.sizes()['tokens']).toBe(0);
  });

  it('A token made before the first feed is valid until it expires', () => {
    const { tokens, clock } = setup({ keys: [] });
    const token = tokens.mint({ ip: IP, ttlSeconds: 21_600 });
    tokens.setKeys([A]);
    clock.jumpWall(21_599_000);
    expect(tokens.check(token, { ip: IP })).toBe('ok');
    clock.jumpWall(1_000);
    expect(tokens.check(token, { ip: IP })).toBe('invalid');
  });

  it('A token made before the first feed is invalid in another process', () => {
    const token = setup({ keys: [] }).tokens.mint({ ip: IP, ttlSeconds: 60 });
    expect(setup({ keys: [] }).tokens.check(token, { ip: IP })).toBe('invalid');
  });

  it('Tokens are never signed with an empty key, which anybody could guess', () => {
    const { tokens } = setup({ keys: [{ id: 'empty', secret: Buffer.alloc(0) }] });
    const token = tokens.mint({ ip: IP, ttlSeconds: 60 });
    const others = setup({ keys: [{ id: 'empty', secret: Buffer.alloc(0) }] }).tokens;
    expect(others.check(token, { ip: IP })).toBe('invalid');
  });

  it('Tokens keep their key if the feed overwrites the bytes that it came in', () => {
    const secret = Buffer.alloc(32, 9);
    const { tokens } = setup({ keys: [{ id: 'x', secret }] });
    const token = tokens.mint({ ip: IP, ttlSeconds: 60 });
    secret.fill(0);
    expect(tokens.check(token, { ip: IP })).toBe('ok');
  });

  it('A token is invalid after any change of any character', () => {
    const { tokens } = setup();
    const token = tokens.mint({ ip: IP, uid: 'u', ttlSeconds: 60 });
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    fc.assert(
      fc.property(fc.nat(token.length - 1), fc.constantFrom(...Array.from(letters)), (at, letter) => {
        fc.pre(token[at] !== letter);
        const changed = token.slice(0, at) + letter + token.slice(at + 1);
        expect(tokens.check(changed, { ip: IP, uid: 'u' })).toBe('invalid');
      }),
    );
  });

  it('Arbitrary text is invalid as a token, and causes no error', () => {
    const { tokens } = setup();
    const shown = fc.oneof(fc.string(), fc.stringMatching(/^[A-Za-z0-9_-]{60,68}$/), fc.base64String());
    fc.assert(fc.property(shown, (text) => tokens.check(text, { ip: IP }) === 'invalid'));
  });

  it('A token is valid for its bearer at every moment of its life, and invalid after it', () => {
    const ttl = fc.integer({ min: 1, max: 21_600 });
    fc.assert(
      fc.property(
        fc.ipV4(),
        fc.option(fc.uuid(), { nil: undefined }),
        ttl,
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (ip, uid, ttlSeconds, part) => {
          const { tokens, clock } = setup();
          const token = tokens.mint({ ip, uid, ttlSeconds });
          clock.jumpWall(Math.floor(ttlSeconds * 1000 * part));
          expect(tokens.check(token, { ip, uid })).toBe('ok');
          clock.jumpWall(ttlSeconds * 1000);
          expect(tokens.check(token, { ip, uid })).toBe('invalid');
        },
      ),
    );
  });
});

describe('Token TTL', () => {
  it.each(['1', '300', '21600', '00300'])('The token TTL %j is accepted', (text) => {
    expect(parseTtl(text)).toBe(Number(text));
  });

  const bad = [
    '',
    '0',
    '-1',
    '+1',
    ' 1',
    '1 ',
    '1.0',
    '1e3',
    '0x1',
    '21601',
    '99999',
    '100000',
    '1,1',
    'one',
    '１',
    '1\n',
  ];
  it.each([undefined, ...bad])('The token TTL %j is rejected', (text) => {
    expect(parseTtl(text)).toBeUndefined();
  });
});
