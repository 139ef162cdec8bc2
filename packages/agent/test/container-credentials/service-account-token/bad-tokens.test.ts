import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createTestJudge } from './judge-setup.ts';
import { base64url, CLAIMS, createKey, createToken, NOW_SECONDS, POD } from './tokens.ts';
import type { TokenParts } from './tokens.ts';

const EC = createKey('ES256');
const RSA = createKey('RS256');
const BOUND = CLAIMS['kubernetes.io'];

function judged(token: string) {
  const { judge, reviewed, log } = createTestJudge({
    keys: [EC, RSA],
    review: () => Promise.resolve({ podUid: POD.podUid, fault: '' }),
  });
  const judgement = judge(token);
  return { judgement, reviewed, log };
}

/** The token with another header, signed with the public key as an HMAC secret. */
function signedByPublicKey(): string {
  const signed = `${base64url(JSON.stringify({ alg: 'HS256', kid: RSA.id }))}.${base64url(JSON.stringify(CLAIMS))}`;
  return `${signed}.${createHmac('sha256', RSA.publicKey).update(signed).digest('base64url')}`;
}

const invalidClaims: readonly { what: string; claims: Readonly<Record<string, unknown>>; fault: RegExp }[] = [
  { what: 'without an issuer', claims: { iss: undefined }, fault: /issuer/ },
  { what: 'with a list as issuer', claims: { iss: [CLAIMS.iss] }, fault: /issuer/ },
  { what: 'with an issuer of 2 kB', claims: { iss: `https://${'a'.repeat(2_000)}` }, fault: /issuer/ },
  { what: 'without an audience', claims: { aud: undefined }, fault: /audience/ },
  { what: 'for no audience', claims: { aud: [] }, fault: /audience/ },
  { what: 'for another audience', claims: { aud: ['rolegate-server'] }, fault: /audience/ },
  { what: 'for two audiences', claims: { aud: ['rolegate', 'vault'] }, fault: /audience/ },
  { what: 'for the same audience twice', claims: { aud: ['rolegate', 'rolegate'] }, fault: /audience/ },
  { what: 'for a nested audience', claims: { aud: [['rolegate']] }, fault: /audience/ },
  { what: 'that expired 61 seconds ago', claims: { exp: NOW_SECONDS - 61 }, fault: /expired/ },
  { what: 'valid in 61 seconds', claims: { nbf: NOW_SECONDS + 61 }, fault: /not valid yet/ },
  { what: 'issued in 61 seconds', claims: { iat: NOW_SECONDS + 61 }, fault: /not valid yet/ },
  { what: 'without exp', claims: { exp: undefined }, fault: /times/ },
  { what: 'without nbf', claims: { nbf: undefined }, fault: /times/ },
  { what: 'without iat', claims: { iat: undefined }, fault: /times/ },
  { what: 'with exp as text', claims: { exp: String(CLAIMS.exp) }, fault: /times/ },
  { what: 'with a fraction in exp', claims: { exp: CLAIMS.exp + 0.5 }, fault: /times/ },
  { what: 'with a negative exp', claims: { exp: -1 }, fault: /times/ },
  { what: 'with a negative nbf', claims: { nbf: -1 }, fault: /times/ },
  { what: 'with exp beyond whole numbers', claims: { exp: 1e300 }, fault: /times/ },
  { what: 'bound to nothing', claims: { 'kubernetes.io': undefined }, fault: /not bound to a Pod/ },
  {
    what: 'bound to a Node only',
    claims: { 'kubernetes.io': { ...BOUND, pod: undefined } },
    fault: /not bound to a Pod/,
  },
  {
    what: 'of a Pod without a UID',
    claims: { 'kubernetes.io': { ...BOUND, pod: { name: 'cart-1' } } },
    fault: /does not name a Pod/,
  },
  {
    what: 'of a Pod whose UID is a path',
    claims: { 'kubernetes.io': { ...BOUND, pod: { name: 'cart-1', uid: '../1' } } },
    fault: /does not name a Pod/,
  },
  {
    what: 'of a Pod without a name',
    claims: { 'kubernetes.io': { ...BOUND, pod: { uid: POD.podUid } } },
    fault: /does not name a Pod/,
  },
  {
    what: 'without a Namespace',
    claims: { 'kubernetes.io': { ...BOUND, namespace: undefined } },
    fault: /does not name a Pod/,
  },
  {
    what: 'without a ServiceAccount',
    claims: { 'kubernetes.io': { ...BOUND, serviceaccount: undefined } },
    fault: /does not name a Pod/,
  },
  {
    what: 'of another ServiceAccount than its subject',
    claims: { 'kubernetes.io': { ...BOUND, serviceaccount: { name: 'admin' } } },
    fault: /subject/,
  },
  {
    what: 'of another Namespace than its subject',
    claims: { 'kubernetes.io': { ...BOUND, namespace: 'kube-system' } },
    fault: /subject/,
  },
  { what: 'with a user as subject', claims: { sub: 'system:admin' }, fault: /subject/ },
  { what: 'without a subject', claims: { sub: undefined }, fault: /subject/ },
];

const duplicate = JSON.stringify(CLAIMS).replace('"aud"', '"aud":["vault"],"aud"');
const escapedDuplicate = JSON.stringify(CLAIMS).replace('"aud"', '"\\u0061ud":["vault"],"aud"');
const nestedDuplicate = JSON.stringify(CLAIMS).replace('"uid"', '"uid":"other","uid"');
const deep = JSON.stringify(CLAIMS).replace('"jti"', `"x":${'['.repeat(9)}${']'.repeat(9)},"jti"`);

const invalidParts: readonly ({ what: string; fault: RegExp } & TokenParts)[] = [
  { what: 'of the algorithm none', header: { alg: 'none' }, fault: /algorithm/ },
  { what: 'of the algorithm RS512', header: { alg: 'RS512' }, fault: /algorithm/ },
  { what: 'of the algorithm es256', header: { alg: 'es256' }, fault: /algorithm/ },
  { what: 'of the algorithm toString', header: { alg: 'toString' }, fault: /algorithm/ },
  { what: 'without an algorithm', header: { alg: undefined }, fault: /algorithm/ },
  {
    what: "of another algorithm than its key's",
    header: { alg: 'RS256' },
    fault: /algorithm is not that of/,
  },
  { what: 'of another curve than its key', header: { alg: 'ES384' }, fault: /algorithm is not that of/ },
  { what: "that names another type's key", header: { kid: RSA.id }, fault: /algorithm is not that of/ },
  { what: 'without a key', header: { kid: undefined }, fault: /names no key/ },
  { what: 'with an empty key', header: { kid: '' }, fault: /names no key/ },
  { what: 'with a number as key', header: { kid: 7 }, fault: /names no key/ },
  { what: 'with a key of 257 characters', header: { kid: 'k'.repeat(257) }, fault: /names no key/ },
  { what: 'with critical extensions', header: { crit: ['b64'], b64: false }, fault: /critical/ },
  { what: 'with no critical extensions', header: { crit: [] }, fault: /critical/ },
  { what: 'of another type', header: { typ: 'at+jwt' }, fault: /type/ },
  { what: 'whose header is a list', headerText: '["ES256"]', fault: /header/ },
  {
    what: 'whose header has a name twice',
    headerText: `{"alg":"none","alg":"ES256","kid":"${EC.id}"}`,
    fault: /header/,
  },
  { what: 'whose claims are a text', claimsText: '"claims"', fault: /claims/ },
  { what: 'whose claims are null', claimsText: 'null', fault: /claims/ },
  { what: 'whose claims are two objects', claimsText: `${JSON.stringify(CLAIMS)}{}`, fault: /claims/ },
  {
    what: 'whose claims have a byte order mark',
    claimsText: `\uFEFF${JSON.stringify(CLAIMS)}`,
    fault: /claims/,
  },
  { what: 'whose claims have a name twice', claimsText: duplicate, fault: /claims/ },
  { what: 'whose claims have an escaped name twice', claimsText: escapedDuplicate, fault: /claims/ },
  { what: 'whose Pod has a name twice', claimsText: nestedDuplicate, fault: /claims/ },
  { what: 'whose claims are nested nine levels deep', claimsText: deep, fault: /claims/ },
  {
    what: 'whose exp is infinite',
    claimsText: JSON.stringify(CLAIMS).replace(/"exp":\d+/, '"exp":1e999'),
    fault: /times/,
  },
];

const good = createToken(EC);
const [head = '', body = '', signature = ''] = good.split('.');
const invalidTexts: readonly { what: string; token: string; fault: RegExp }[] = [
  { what: 'The empty text', token: '', fault: /not a JSON Web Token/ },
  {
    what: 'A token of 64 kB',
    token: `${head}.${'e'.repeat(65_536)}.${signature}`,
    fault: /longer than 4096/,
  },
  {
    what: 'A token of 4,097 bytes',
    token: `${head}.${body}.${'A'.repeat(4_095 - head.length - body.length)}`,
    fault: /longer/,
  },
  { what: 'A token with a trailing newline', token: `${good}\n`, fault: /not a JSON Web Token/ },
  { what: 'A token with a leading space', token: ` ${good}`, fault: /not a JSON Web Token/ },
  { what: 'A token after the word Bearer', token: `Bearer ${good}`, fault: /not a JSON Web Token/ },
  {
    what: 'A token that is not ASCII',
    token: `${head}.${body}é.${signature}`,
    fault: /not a JSON Web Token/,
  },
  { what: 'A token with padding', token: `${good}==`, fault: /not a JSON Web Token/ },
  { what: 'A token in base64', token: good.replace(/_|-/g, '+').concat('+'), fault: /not a JSON Web Token/ },
  { what: 'A token of two parts', token: `${head}.${body}`, fault: /not a JSON Web Token/ },
  { what: 'A token of four parts', token: `${good}.${signature}`, fault: /not a JSON Web Token/ },
  { what: 'A token of five parts (JWE)', token: `${good}.a.b`, fault: /not a JSON Web Token/ },
  { what: 'A token without a signature', token: `${head}.${body}.`, fault: /not a JSON Web Token/ },
  { what: 'A token with unused bits in its signature', token: `${good.slice(0, -1)}B`, fault: /base64url/ },
  { what: 'A token with a truncated signature', token: good.slice(0, -4), fault: /signature/ },
  { what: 'A token with a longer signature', token: `${good.slice(0, -2)}AAAA`, fault: /signature/ },
  {
    what: 'A token whose claims were changed',
    token: `${head}.${base64url(JSON.stringify({ ...CLAIMS, jti: 'x' }))}.${signature}`,
    fault: /signature/,
  },
  {
    what: 'A token of another key with the same ID',
    token: createToken(createKey('ES256')),
    fault: /signature/,
  },
  { what: 'A token signed with the public key as a secret', token: signedByPublicKey(), fault: /algorithm/ },
  {
    what: 'A token whose claims are not UTF-8',
    token: `${head}.${Buffer.from('{"a":"\xff"}', 'latin1').toString('base64url')}.${signature}`,
    fault: /claims/,
  },
];

describe('Invalid ServiceAccount tokens', () => {
  it.each(invalidClaims)('A token $what is invalid, and no server is asked', ({ claims, fault }) => {
    const { judgement, reviewed } = judged(createToken(EC, { claims }));
    expect(judgement).toEqual({ kind: 'invalid', fault: expect.stringMatching(fault) });
    expect(reviewed).toEqual([]);
  });

  it.each(invalidParts)('A token $what is invalid, and no server is asked', ({ fault, ...parts }) => {
    const { judgement, reviewed } = judged(createToken(EC, parts));
    expect(judgement).toEqual({ kind: 'invalid', fault: expect.stringMatching(fault) });
    expect(reviewed).toEqual([]);
  });

  it.each(invalidTexts)('$what is invalid, and no server is asked', ({ token, fault }) => {
    const { judgement, reviewed } = judged(token);
    expect(judgement).toEqual({ kind: 'invalid', fault: expect.stringMatching(fault) });
    expect(reviewed).toEqual([]);
  });

  it.each(invalidClaims)(
    'A token $what of an unknown key is invalid without a review',
    ({ claims, fault }) => {
      const { judgement, reviewed } = judged(createToken(EC, { claims, header: { kid: 'unknown' } }));
      expect(judgement).toEqual({ kind: 'invalid', fault: expect.stringMatching(fault) });
      expect(reviewed).toEqual([]);
    },
  );

  it('A fault quotes no part of the token', () => {
    const secret = 'x'.repeat(12);
    const marked = { iss: secret, aud: secret, sub: secret, 'kubernetes.io': { pod: secret } };
    const tokens = Object.entries(marked).map(([name, value]) =>
      createToken(EC, { claims: { [name]: value } }),
    );
    for (const token of [...tokens, createToken(EC, { header: { alg: secret } }), `${secret}.${secret}`])
      expect(JSON.stringify(judged(token).judgement)).not.toContain(secret);
  });
});
