import { createPublicKey, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** How the API server signs ServiceAccount tokens (RFC 7518). */
const algorithms = {
  RS256: { hash: 'sha256' },
  ES256: { hash: 'sha256', curve: 'prime256v1' },
  ES384: { hash: 'sha384', curve: 'secp384r1' },
  ES512: { hash: 'sha512', curve: 'secp521r1' },
} as const;
export type Algorithm = keyof typeof algorithms;

/** RFC 7518 requires at least 2,048 bits. A longer key than 8,192 costs milliseconds a signature. */
const RSA_BITS = { fewest: 2_048, most: 8_192 };

export function isAlgorithm(word: unknown): word is Algorithm {
  return typeof word === 'string' && Object.hasOwn(algorithms, word);
}

/** A key and the only algorithm that it is for. */
export interface VerificationKey {
  readonly algorithm: Algorithm;
  readonly key: KeyObject;
}

/** Reads a SubjectPublicKeyInfo (DER). Undefined if it is damaged or of a type that no algorithm uses. */
export function readPublicKey(der: Buffer): VerificationKey | undefined {
  try {
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
    const algorithm = algorithmOf(key);
    return algorithm && { algorithm, key };
  } catch {
    return undefined;
  }
}

function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails = {} }: KeyObject): Algorithm | undefined {
  const { modulusLength = 0, namedCurve } = asymmetricKeyDetails;
  if (asymmetricKeyType === 'rsa')
    return modulusLength >= RSA_BITS.fewest && modulusLength <= RSA_BITS.most ? 'RS256' : undefined;
  if (asymmetricKeyType !== 'ec') return undefined;
  return (['ES256', 'ES384', 'ES512'] as const).find((name) => algorithms[name].curve === namedCurve);
}

/** Takes 20 µs to 1 ms of CPU. */
export function isSignedBy(
  { key, algorithm }: VerificationKey,
  { signed, signature }: { readonly signed: string; readonly signature: Buffer },
): boolean {
  try {
    return verify(
      algorithms[algorithm].hash,
      Buffer.from(signed),
      { key, dsaEncoding: 'ieee-p1363' },
      signature,
    );
  } catch {
    return false;
  }
}
