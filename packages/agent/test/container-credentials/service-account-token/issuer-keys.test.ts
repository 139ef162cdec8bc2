import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createFakeClock } from '@rolegate/testing';
import { createIssuerKeys } from '../../../src/container-credentials/service-account-token/issuer-keys.ts';
import type { SavedIssuerKeys } from '../../../src/container-credentials/service-account-token/issuer-keys.ts';
import { createTestLog } from '../../addresses/known-pods.ts';
import { createKey, ISSUER } from './tokens.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const ONE = createKey('ES256', 'one');
const TWO = createKey('ES256', 'two');

function setup(kept?: SavedIssuerKeys, clock = createFakeClock()) {
  const log = createTestLog();
  const feed = { connected: true };
  const saved = { times: 0 };
  const keys = createIssuerKeys({
    kept,
    feedConnected: () => feed.connected,
    changed: () => (saved.times += 1),
    clock,
    log,
  });
  const send = (
    sent: readonly { id: string; publicKey: Buffer }[],
    issuers: readonly string[] = [ISSUER],
  ) => {
    keys.set({ issuers: [...issuers], keys: [...sent] });
  };
  const stop = new AbortController();
  return {
    clock,
    log,
    feed,
    saved,
    keys,
    send,
    stop,
    run: () => void keys.run(stop.signal),
    has: (id: string, issuer = ISSUER) => keys.find(id, issuer) !== undefined,
    messages: () => log.lines.map(([level, message, fields]) => [level, message, fields] as const),
  };
}

function published(key: KeyObject, id = 'other') {
  return { id, publicKey: key.export({ format: 'der', type: 'spki' }) };
}

/** A public key nobody has the private key of: generating one of this length takes seconds. */
function rsaKey(bits: number): KeyObject {
  const n = Buffer.alloc(bits / 8, 0xff).toString('base64url');
  return createPublicKey({ key: { kty: 'RSA', n, e: 'AQAB' }, format: 'jwk' });
}

describe('Issuer keys', () => {
  it('A key is found by its ID for each accepted issuer, until a server no longer sends it', () => {
    const { has, send, keys } = setup();
    expect([keys.condition(), keys.kept(), keys.count()]).toEqual(['none', undefined, 0]);
    send([ONE, TWO], [ISSUER, 'https://former.example']);
    expect([has('one'), has('two', 'https://former.example'), has('one', 'https://other.example')]).toEqual([
      true,
      true,
      false,
    ]);
    send([TWO]);
    expect([has('one'), has('two'), has('two', 'https://former.example')]).toEqual([false, true, false]);
    expect(keys.count()).toBe(1);
  });

  it('A key that is sent again is the same object, and another key with the same ID is not', () => {
    const { keys, send } = setup();
    send([ONE]);
    const before = keys.find('one', ISSUER);
    send([{ ...ONE, publicKey: Buffer.from(ONE.publicKey) }, TWO]);
    expect(keys.find('one', ISSUER)).toBe(before);
    send([{ ...TWO, id: 'one' }]);
    expect(keys.find('one', ISSUER)).not.toBe(before);
  });

  it('Keys are logged and saved when they change, not when they are sent again', () => {
    const { send, messages, saved } = setup();
    for (let times = 0; times < 3; times += 1) send([ONE, TWO]);
    send([TWO]);
    expect(messages()).toEqual([
      ['info', 'issuer keys received', { issuers: [ISSUER], count: 2 }],
      ['info', 'issuer keys received', { issuers: [ISSUER], count: 1 }],
    ]);
    expect(saved.times).toBe(2);
  });

  it.each([
    { what: 'damaged', key: { id: 'other', publicKey: Buffer.from('damaged') } },
    { what: 'empty', key: { id: 'other', publicKey: Buffer.alloc(0) } },
    { what: 'longer than 2 kB', key: { id: 'other', publicKey: Buffer.alloc(2_049) } },
    { what: 'of Ed25519', key: published(generateKeyPairSync('ed25519').publicKey) },
    {
      what: 'of another curve',
      key: published(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey),
    },
    {
      what: 'of RSA with 1,024 bits',
      key: published(generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey),
    },
    { what: 'of RSA with 8,200 bits', key: published(rsaKey(8_200)) },
    { what: 'without an ID', key: { ...TWO, id: '' } },
    { what: 'with an ID of 257 characters', key: { ...TWO, id: 'k'.repeat(257) } },
  ])('A key $what is skipped and logged once, and others are used', ({ key }) => {
    const { has, send, keys, messages } = setup();
    for (let times = 0; times < 2; times += 1) send([key, ONE]);
    expect([has('one'), has(key.id), keys.count()]).toEqual([true, false, 1]);
    expect(messages().filter(([, message]) => message === 'issuer keys skipped')).toEqual([
      ['warn', 'issuer keys skipped', expect.objectContaining({ keyIds: key.id.slice(0, 256) })],
    ]);
  });

  it('More than 64 keys and 16 issuers are not held', () => {
    const { send, keys } = setup();
    send(
      Array.from({ length: 1_000 }, (_, at) => ({ id: `key-${at}`, publicKey: ONE.publicKey })),
      Array.from({ length: 1_000 }, (_, at) => `https://issuer-${at}.example`),
    );
    expect([keys.count(), keys.kept()?.issuers.length]).toEqual([64, 16]);
  });

  it('Keys are used by the next process, which counts the 24 hours on', async () => {
    const before = setup();
    before.send([ONE], [ISSUER]);
    before.feed.connected = false;
    await before.clock.advance(20 * HOUR_MS);
    const kept = before.keys.kept();
    const after = setup(kept, before.clock);
    after.feed.connected = false;
    expect([after.has('one'), after.keys.condition()]).toEqual([true, 'current']);
    await before.clock.advance(4 * HOUR_MS + 1);
    expect([after.has('one'), after.keys.condition()]).toEqual([false, 'outdated']);
  });

  it('A connected feed whose server has sent keys renews them, without sending them again', async () => {
    const { clock, feed, send, has, run, stop } = setup();
    send([ONE]);
    run();
    await clock.advance(3 * DAY_MS);
    expect(has('one')).toBe(true);
    feed.connected = false;
    await clock.advance(DAY_MS - 60_000);
    expect(has('one')).toBe(true);
    await clock.advance(60_001);
    expect(has('one')).toBe(false);
    stop.abort();
  });

  it('A feed whose server sends no keys does not renew them', async () => {
    const { clock, keys, send, has, run, stop } = setup();
    send([ONE]);
    keys.streamBegan();
    run();
    await clock.advance(DAY_MS + 1);
    expect(has('one')).toBe(false);
    stop.abort();
  });

  it('Time that passes while the machine sleeps counts', () => {
    const { clock, feed, send, has } = setup();
    send([ONE]);
    feed.connected = false;
    clock.jumpWall(DAY_MS + 1);
    expect(has('one')).toBe(false);
  });

  it('Keys that are outdated and current again are logged once each, without a request', async () => {
    const { clock, feed, send, messages, run, stop } = setup();
    send([ONE]);
    feed.connected = false;
    run();
    await clock.advance(2 * DAY_MS);
    send([ONE]);
    feed.connected = true;
    await clock.advance(DAY_MS);
    expect(messages().map(([level, message]) => `${level} ${message}`)).toEqual([
      'info issuer keys received',
      'warn issuer keys outdated',
      'info issuer keys current again',
    ]);
    stop.abort();
  });
});
