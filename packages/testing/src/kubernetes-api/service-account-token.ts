import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';

/** The algorithms with which kube-apiserver 1.34 signs, by the type of its key. */
const algorithms = {
  RS256: { hash: 'sha256', generate: () => generateKeyPairSync('rsa', { modulusLength: 2048 }) },
  ES256: { hash: 'sha256', generate: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }) },
  ES384: { hash: 'sha384', generate: () => generateKeyPairSync('ec', { namedCurve: 'P-384' }) },
  ES512: { hash: 'sha512', generate: () => generateKeyPairSync('ec', { namedCurve: 'P-521' }) },
};
export type TokenAlgorithm = keyof typeof algorithms;

/** A key pair of the API server for ServiceAccount tokens. */
export interface TestIssuerKey {
  readonly algorithm: TokenAlgorithm;
  /** The `kid`: as in the real one, a hash of the public key. */
  readonly id: string;
  readonly privateKey: KeyObject;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Buffer;
  /** As in `/openid/v1/jwks`. */
  readonly jwk: JsonWebKey;
}

/** An elliptic one by default, which is made at once. */
export function createIssuerKey(algorithm: TokenAlgorithm = 'ES256'): TestIssuerKey {
  const { privateKey, publicKey: key } = algorithms[algorithm].generate();
  const publicKey = key.export({ type: 'spki', format: 'der' });
  const id = createHash('sha256').update(publicKey).digest('base64url');
  const jwk = { use: 'sig', kid: id, alg: algorithm, ...key.export({ format: 'jwk' }) };
  return { algorithm, id, privateKey, publicKey, jwk };
}

/** What a projected ServiceAccount token says (kube-apiserver 1.34). Seconds since the epoch. */
export interface ServiceAccountClaims {
  readonly aud: readonly string[];
  readonly exp: number;
  readonly iat: number;
  readonly nbf: number;
  readonly iss: string;
  readonly jti: string;
  readonly 'kubernetes.io': {
    readonly namespace: string;
    readonly serviceaccount: NameAndUid;
    /** Absent in a token that is not bound to a Pod. */
    readonly pod?: NameAndUid;
    readonly node?: NameAndUid;
  };
  readonly sub: string;
}

export interface NameAndUid {
  readonly name: string;
  readonly uid: string;
}

/**
 * Signs a ServiceAccount token as kube-apiserver does. Tests of a verifier can pass any claims, and replace what the header
 * says.
 */
export function issueServiceAccountToken(
  claims: ServiceAccountClaims | object,
  key: TestIssuerKey,
  header: object = {},
): string {
  return signToken(
    [{ alg: key.algorithm, kid: key.id, ...header }, claims].map((part) => JSON.stringify(part)),
    key,
  );
}

/** Signs header and claims, whatever these texts are. */
export function signToken(
  parts: readonly string[],
  key: Pick<TestIssuerKey, 'algorithm' | 'privateKey'>,
): string {
  const signed = parts.map((part) => Buffer.from(part).toString('base64url')).join('.');
  const { hash } = algorithms[key.algorithm];
  // JWS has both halves of an elliptic signature side by side (RFC 7518, 3.4).
  const signature = sign(hash, Buffer.from(signed), { key: key.privateKey, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}
