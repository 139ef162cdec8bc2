import { generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

export const ISSUER = 'https://kubernetes.default.svc.cluster.local';
/** Of the clock of the tests. Seconds since the epoch. */
export const NOW_SECONDS = Date.UTC(2026, 10, 23, 7) / 1000;
/** The client that shows a token. */
export const FROM = '10.1.0.7';

export type TestAlgorithm = 'RS256' | 'ES256' | 'ES384' | 'ES512';

/** A key of the fake API server. */
export interface SigningKey {
  readonly id: string;
  readonly algorithm: TestAlgorithm;
  readonly privateKey: KeyObject;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Buffer;
}

const CURVES = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' } as const;
const HASHES = { RS256: 'sha256', ES256: 'sha256', ES384: 'sha384', ES512: 'sha512' } as const;

export function createKey(algorithm: TestAlgorithm = 'ES256', id = `key-${algorithm}`): SigningKey {
  const { privateKey, publicKey } =
    algorithm === 'RS256'
      ? generateKeyPairSync('rsa', { modulusLength: 2_048 })
      : generateKeyPairSync('ec', { namedCurve: CURVES[algorithm] });
  return { id, algorithm, privateKey, publicKey: publicKey.export({ format: 'der', type: 'spki' }) };
}

export interface TokenParts {
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Instead of `header`. */
  readonly headerText?: string;
  /** Instead of `claims`. */
  readonly claimsText?: string;
}

/** The claims of a projected token as kube-apiserver 1.34 writes them. */
export const CLAIMS = {
  aud: ['rolegate'],
  exp: NOW_SECONDS + 3_600,
  iat: NOW_SECONDS,
  iss: ISSUER,
  jti: '0a4b6a5e-9f1e-4a0e-8a0e-5f3f0d1a9c11',
  'kubernetes.io': {
    namespace: 'shop',
    node: { name: 'node-1', uid: 'e9b1a0c2-2f0a-4c39-8f5c-0a8f4f6f6c11' },
    pod: { name: 'cart-1', uid: 'c0ffee00-0000-4000-8000-000000000001' },
    serviceaccount: { name: 'cart', uid: 'a3c3a0c2-2f0a-4c39-8f5c-0a8f4f6f6c22' },
  },
  nbf: NOW_SECONDS,
  sub: 'system:serviceaccount:shop:cart',
};

/** What a valid token says. */
export const POD = {
  podUid: 'c0ffee00-0000-4000-8000-000000000001',
  podName: 'cart-1',
  namespace: 'shop',
  serviceAccount: 'cart',
};

/** Signs a token as the API server does, except for what is given. Undefined members are left out. */
export function createToken(key: SigningKey, parts: TokenParts = {}): string {
  const { header = {}, claims = {} } = parts;
  const head = parts.headerText ?? JSON.stringify({ alg: key.algorithm, kid: key.id, ...header });
  const body = parts.claimsText ?? JSON.stringify({ ...CLAIMS, ...claims });
  const signed = `${base64url(head)}.${base64url(body)}`;
  const signature = sign(HASHES[key.algorithm], Buffer.from(signed), {
    key: key.privateKey,
    dsaEncoding: 'ieee-p1363',
  });
  return `${signed}.${signature.toString('base64url')}`;
}

export function base64url(text: string): string {
  return Buffer.from(text).toString('base64url');
}

/** Like the real one, bound to another Pod. */
export function claimsOfPod(uid: string): Readonly<Record<string, unknown>> {
  return { 'kubernetes.io': { ...CLAIMS['kubernetes.io'], pod: { name: 'cart-1', uid } } };
}
