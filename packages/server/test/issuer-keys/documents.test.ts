import { createIssuerKey } from '@rolegate/testing';
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { MOST_KEYS, parseDiscovery, parseKeySet } from '../../src/issuer-keys/documents.ts';

const good = createIssuerKey();
const jwkOf = (type: 'rsa' | 'ec' | 'ed25519', options: object = {}) =>
  generateKeyPairSync(type as 'rsa', options as { modulusLength: number }).publicKey.export({
    format: 'jwk',
  });
const idsOf = (keys: readonly object[]) => [...parseKeySet(JSON.stringify({ keys })).keys.keys()];

describe('The key set of the API server', () => {
  it.each(['RS256', 'ES256', 'ES384', 'ES512'] as const)('A key for %s is read as SPKI', (algorithm) => {
    const { id, jwk, publicKey } = createIssuerKey(algorithm);
    const { keys, skipped } = parseKeySet(JSON.stringify({ keys: [jwk] }));
    expect([...keys.values()]).toEqual([{ id, publicKey }]);
    expect(skipped).toBe(0);
  });

  const rsa = createIssuerKey('RS256').jwk;
  it.each([
    { what: 'RSA with 1024 bits', jwk: jwkOf('rsa', { modulusLength: 1024 }) },
    { what: 'RSA with the exponent 1', jwk: { ...rsa, e: 'AQ' } },
    {
      what: 'RSA with more than 8192 bits',
      jwk: { ...rsa, n: Buffer.alloc(2_000, 255).toString('base64url') },
    },
    { what: 'secp256k1', jwk: jwkOf('ec', { namedCurve: 'secp256k1' }) },
    { what: 'Ed25519', jwk: jwkOf('ed25519') },
    { what: 'symmetric', jwk: { kty: 'oct', k: 'AAAA' } },
    { what: 'for encryption', jwk: { ...good.jwk, use: 'enc' } },
    { what: 'without an ID', jwk: { ...good.jwk, kid: undefined } },
    { what: 'with an ID of 257 characters', jwk: { ...good.jwk, kid: 'k'.repeat(257) } },
    { what: 'with an ID that is not ASCII', jwk: { ...good.jwk, kid: 'schlüssel' } },
    { what: 'not a point of its curve', jwk: { ...good.jwk, x: 'AAAA' } },
  ])('A key that is $what is skipped, and the next one is read', ({ jwk }) => {
    const keys = [{ kid: 'bad', ...jwk }, good.jwk];
    expect(idsOf(keys)).toEqual([good.id]);
    expect(parseKeySet(JSON.stringify({ keys })).skipped).toBe(1);
  });

  it('Of two keys with one ID, the first is read', () => {
    const { keys } = parseKeySet(
      JSON.stringify({ keys: [good.jwk, { ...createIssuerKey().jwk, kid: good.id }] }),
    );
    expect(keys.get(good.id)?.publicKey).toEqual(good.publicKey);
  });

  it('No more keys are read than a cluster has', () => {
    const keys = Array.from({ length: 100 }, (_, n) => ({ ...good.jwk, kid: `key-${n}` }));
    expect(idsOf(keys)).toHaveLength(MOST_KEYS);
  });

  it.each(['', '[]', '{"keys":{}}', 'null', '<html>'])('The text %j is not a key set', (text) => {
    expect(() => parseKeySet(text)).toThrow('key set');
  });
});

describe('The discovery document', () => {
  it('Its issuer is read', () => {
    expect(parseDiscovery('{"issuer":"https://kubernetes.example","jwks_uri":"x"}')).toBe(
      'https://kubernetes.example',
    );
  });

  it.each(['{}', '{"issuer":""}', '{"issuer":"a b"}', `{"issuer":"${'x'.repeat(513)}"}`, '['])(
    'The document %j names no issuer',
    (text) => {
      expect(() => parseDiscovery(text)).toThrow('discovery document');
    },
  );
});
