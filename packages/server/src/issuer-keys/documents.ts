import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { record, textOf } from '@rolegate/runtime';

/** A key that verifies ServiceAccount tokens. */
export interface IssuerKey {
  /** The `kid` of tokens. */
  readonly id: string;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Buffer;
}

/** The public keys in `/openid/v1/jwks`. */
export interface KeySet {
  /** By ID. */
  readonly keys: ReadonlyMap<string, IssuerKey>;
  /** The number of keys that are not of an accepted kind, or too many. */
  readonly skipped: number;
}

/** kube-apiserver has a key for each --service-account-key-file; two or three during a rotation. */
export const MOST_KEYS = 32;
/** kube-apiserver's have 43 characters, a hash of the key. */
const KEY_ID = /^[!-~]{1,256}$/;
const ISSUER = /^[!-~]{1,512}$/;

/** RFC 8725, 3.2 and NIST SP 800-131A: shorter ones are too weak. Longer ones would cost verifiers too much. Bits. */
const RSA_BITS = { least: 2_048, most: 8_192 };
/** The names in OpenSSL of P-256, P-384 and P-521. */
const CURVES = ['prime256v1', 'secp384r1', 'secp521r1'];

/** Reads a JSON Web Key Set (RFC 7517). Throws if the text is none. */
export function parseKeySet(text: string): KeySet {
  const { keys: listed } = record(parseJson(text, 'key set'));
  if (!Array.isArray(listed)) throw new Error('the key set has no list of keys');
  const keys = new Map<string, IssuerKey>();
  for (const jwk of listed) {
    const key = issuerKey(record(jwk));
    if (key !== undefined && !keys.has(key.id) && keys.size < MOST_KEYS) keys.set(key.id, key);
  }
  return { keys, skipped: listed.length - keys.size };
}

/** Reads the issuer from the discovery document (OpenID Connect Discovery 1.0, 3). Throws if it names none. */
export function parseDiscovery(text: string): string {
  const issuer = textOf(record(parseJson(text, 'discovery document'))['issuer']);
  if (!isIssuer(issuer)) throw new Error('the discovery document names no issuer');
  return issuer;
}

export function isIssuer(text: string): boolean {
  return ISSUER.test(text);
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // The parser's message would quote the document.
    throw new Error(`the ${what} is not valid JSON, or too long`);
  }
}

function issuerKey(jwk: Readonly<Record<string, unknown>>): IssuerKey | undefined {
  const id = textOf(jwk['kid']);
  if (!KEY_ID.test(id) || (jwk['use'] !== undefined && jwk['use'] !== 'sig')) return undefined;
  try {
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    return isStrong(key) ? { id, publicKey: key.export({ type: 'spki', format: 'der' }) } : undefined;
  } catch {
    // Another kind of key, such as a symmetric one.
    return undefined;
  }
}

function isStrong({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  const { modulusLength = 0, publicExponent = 0n, namedCurve = '' } = asymmetricKeyDetails ?? {};
  if (asymmetricKeyType === 'ec') return CURVES.includes(namedCurve);
  return (
    asymmetricKeyType === 'rsa' &&
    modulusLength >= RSA_BITS.least &&
    modulusLength <= RSA_BITS.most &&
    // With an exponent of 1 anybody can sign.
    publicExponent >= 3n
  );
}
