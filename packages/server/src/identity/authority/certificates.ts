import { createPrivateKey, createPublicKey, randomBytes, webcrypto } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type * as X509 from '@peculiar/x509';

/** A certificate and its key (PKCS#8), PEM. */
export interface KeyedCertificate {
  readonly certificatePem: string;
  readonly keyPem: string;
}

export interface Validity {
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
  readonly lifeMs: number;
}

export interface LeafOptions extends Validity {
  readonly issuer: KeyedCertificate;
  readonly subject: string;
  readonly purpose: 'server' | 'client';
  readonly names: readonly { readonly type: 'dns' | 'url'; readonly value: string }[];
  readonly publicKey: KeyObject;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** Certificates are valid from this long before they were issued, because clocks differ. Milliseconds. */
export const CLOCK_SKEW_MS = 5 * 60_000;

/** A new authority: ECDSA P-256, signs only leaf certificates. `id` is in its subject. */
export async function makeAuthority(id: string, { nowMs, lifeMs }: Validity): Promise<KeyedCertificate> {
  const x509 = await loadX509();
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const subjectKey = await x509.SubjectKeyIdentifierExtension.create(keys.publicKey);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(),
    name: [{ O: ['rolegate'] }, { CN: [`rolegate authority ${id}`] }],
    notBefore: new Date(nowMs - CLOCK_SKEW_MS),
    notAfter: new Date(nowMs + lifeMs),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      subjectKey,
      new x509.AuthorityKeyIdentifierExtension(subjectKey.keyId),
    ],
  });
  const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    certificatePem: `${certificate.toString('pem')}\n`,
    keyPem: `${x509.PemConverter.encode(key, 'PRIVATE KEY')}\n`,
  };
}

/** Signs a leaf certificate, PEM. It never outlives its issuer. */
export async function signLeaf(options: LeafOptions): Promise<string> {
  const { issuer, subject, purpose, names, publicKey, nowMs, lifeMs } = options;
  const x509 = await loadX509();
  const authority = new x509.X509Certificate(issuer.certificatePem);
  const { serverAuth, clientAuth } = x509.ExtendedKeyUsage;
  const spki = Uint8Array.from(publicKey.export({ type: 'spki', format: 'der' }));
  const key = await webcrypto.subtle.importKey('spki', spki, ALGORITHM, true, ['verify']);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject: [{ CN: [subject] }],
    issuer: authority.subjectName,
    notBefore: new Date(Math.max(nowMs - CLOCK_SKEW_MS, authority.notBefore.getTime())),
    notAfter: new Date(Math.min(nowMs + lifeMs, authority.notAfter.getTime())),
    signingAlgorithm: ALGORITHM,
    signingKey: await signingKeyOf(issuer.keyPem),
    publicKey: key,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([purpose === 'server' ? serverAuth : clientAuth]),
      new x509.SubjectAlternativeNameExtension([...names]),
      await x509.SubjectKeyIdentifierExtension.create(key),
      await x509.AuthorityKeyIdentifierExtension.create(authority.publicKey),
    ],
  });
  return `${certificate.toString('pem')}\n`;
}

/**
 * The key in a certificate request (PKCS#10 DER); everything else in it is ignored. Throws an Error for the operator if the
 * request does not parse, is not signed by that key, or the key is not EC P-256.
 */
export async function publicKeyOfRequest(der: Uint8Array): Promise<KeyObject> {
  const x509 = await loadX509();
  let request: X509.Pkcs10CertificateRequest;
  let key: KeyObject;
  try {
    request = new x509.Pkcs10CertificateRequest(Uint8Array.from(der));
    // OpenSSL checks that the point is on the curve.
    key = createPublicKey({ key: Buffer.from(request.publicKey.rawData), format: 'der', type: 'spki' });
  } catch (cause) {
    throw new Error('the certificate request is not PKCS#10 DER', { cause });
  }
  if (!isP256(key)) throw new Error("the certificate request's key is not EC P-256");
  if (!(await request.verify().catch(() => false)))
    throw new Error('the certificate request is not signed by the key in it');
  return key;
}

/** The only kind of key that is supported. */
export function isP256(key: KeyObject): boolean {
  // OpenSSL's name for P-256 (RFC 5480: secp256r1).
  return key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1';
}

function signingKeyOf(keyPem: string): Promise<webcrypto.CryptoKey> {
  const der = createPrivateKey(keyPem).export({ type: 'pkcs8', format: 'der' });
  return webcrypto.subtle.importKey('pkcs8', Uint8Array.from(der), ALGORITHM, false, ['sign']);
}

/** Positive, never zero, without a leading zero byte, at most 20 bytes (RFC 5280, 4.1.2.2). */
function newSerial(): string {
  return `4${randomBytes(15).toString('hex')}0`;
}

/** Loaded on demand: it costs 50 ms and 10 MB, and user-provided certificates do not need it. */
async function loadX509(): Promise<typeof X509> {
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  x509.cryptoProvider.set(webcrypto);
  return x509;
}
