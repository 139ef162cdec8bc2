import { createIssuerKey, signToken } from '@rolegate/testing';
import type { TestIssuerKey, TokenAlgorithm } from '@rolegate/testing';

export const ISSUER = 'https://kubernetes.default.svc.cluster.local';
/** Of the clock of the tests. Seconds since the epoch. */
export const NOW_SECONDS = Date.UTC(2026, 10, 23, 7) / 1000;
/** The client that shows a token. */
export const FROM = '10.1.0.7';

export type SigningKey = TestIssuerKey;

/** A key of the fake API server, with an ID that is easy to read. */
export function createKey(algorithm: TokenAlgorithm = 'ES256', id = `key-${algorithm}`): SigningKey {
  return { ...createIssuerKey(algorithm), id };
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
  return signToken([head, body], key);
}

export function base64url(text: string): string {
  return Buffer.from(text).toString('base64url');
}

/** Like the real one, bound to another Pod. */
export function claimsOfPod(uid: string): Readonly<Record<string, unknown>> {
  return { 'kubernetes.io': { ...CLAIMS['kubernetes.io'], pod: { name: 'cart-1', uid } } };
}
