import 'reflect-metadata';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { webcrypto } from 'node:crypto';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';

export type CertificateUsage = 'server' | 'client';

export interface IssueOptions {
  /** URI SANs, e.g. `spiffe://rolegate/node/node-1`. */
  readonly uris?: readonly string[];
  readonly dns?: readonly string[];
  readonly ips?: readonly string[];
  /** Defaults to an hour ago. */
  readonly notBefore?: Date;
  /** Defaults to a day from now. */
  readonly notAfter?: Date;
  /** Extended key usages. Defaults to both. */
  readonly usages?: readonly CertificateUsage[];
}

/** A certificate and its key, PEM. */
export interface IssuedCertificate {
  readonly cert: string;
  readonly key: string;
}

export interface TestCa {
  /** The authority's certificate, PEM. */
  readonly pem: string;
  /** The certificate of the same authority with another lifetime from now, PEM. Milliseconds. */
  withLife(lifeMs: number): Promise<string>;
  issue(options?: IssueOptions): Promise<IssuedCertificate>;
  /** Issues a certificate (PEM) for a request (PKCS #10, DER). Rejects if its signature is invalid. */
  certify(request: Uint8Array, options?: IssueOptions): Promise<string>;
}

export interface TlsMaterial extends IssuedCertificate {
  /** PEM, with one or more authorities. */
  readonly ca: string;
}

/** Paths for the flags `--cert --key --ca`. */
export interface WrittenTlsFiles {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const HOUR_MS = 3_600_000;

/** So that nothing warns of its end. */
const YEAR_MS = 365 * 24 * HOUR_MS;

/** Makes an authority for tests: ECDSA P-256, valid for a year. */
export async function createTestCa({ name = 'test authority' }: { name?: string } = {}): Promise<TestCa> {
  x509.cryptoProvider.set(webcrypto);
  const keys = await newKeys();
  const authority = await selfSigned(keys, name, YEAR_MS);
  return {
    pem: pemOf(authority),
    withLife: async (lifeMs) => pemOf(await selfSigned(keys, name, lifeMs)),
    async issue(options = {}) {
      const own = await newKeys();
      const cert = await sign(own.publicKey, { authority, signingKey: keys.privateKey, options });
      return { cert, key: await keyPemOf(own.privateKey) };
    },
    async certify(request, options = {}) {
      const asked = new x509.Pkcs10CertificateRequest(Uint8Array.from(request));
      if (!(await asked.verify())) throw new Error('the signature of the request is invalid');
      return sign(asked.publicKey, { authority, signingKey: keys.privateKey, options });
    },
  };
}

async function selfSigned(
  keys: webcrypto.CryptoKeyPair,
  name: string,
  lifeMs: number,
): Promise<x509.X509Certificate> {
  return x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(),
    name: `CN=${name}`,
    notBefore: new Date(Date.now() - 24 * HOUR_MS),
    notAfter: new Date(Date.now() + lifeMs),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
}

/** Writes tls.crt, tls.key and ca.crt, each atomically. */
export async function writeTlsFiles(
  folder: string,
  { cert, key, ca }: TlsMaterial,
): Promise<WrittenTlsFiles> {
  await mkdir(folder, { recursive: true });
  const paths = { cert: join(folder, 'tls.crt'), key: join(folder, 'tls.key'), ca: join(folder, 'ca.crt') };
  await replaceFile(paths.cert, cert);
  await replaceFile(paths.key, key);
  await replaceFile(paths.ca, ca);
  return paths;
}

interface Signing {
  readonly authority: x509.X509Certificate;
  readonly signingKey: webcrypto.CryptoKey;
  readonly options: IssueOptions;
}

async function sign(
  publicKey: webcrypto.CryptoKey | x509.PublicKey,
  { authority, signingKey, options }: Signing,
): Promise<string> {
  const { uris = [], dns = [], ips = [], notBefore, notAfter, usages = ['server', 'client'] } = options;
  const names = [
    ...uris.map((value) => ({ type: 'url' as const, value })),
    ...dns.map((value) => ({ type: 'dns' as const, value })),
    ...ips.map((value) => ({ type: 'ip' as const, value })),
  ];
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject: 'CN=test',
    issuer: authority.subject,
    notBefore: notBefore ?? new Date(Date.now() - HOUR_MS),
    notAfter: notAfter ?? new Date(Date.now() + 24 * HOUR_MS),
    signingAlgorithm: ALGORITHM,
    signingKey,
    publicKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(usages.map(usageOid)),
      ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
      await x509.AuthorityKeyIdentifierExtension.create(authority),
    ],
  });
  return pemOf(certificate);
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

/** Positive and without a leading zero, as X.509 requires. */
function newSerial(): string {
  return `4${Buffer.from(webcrypto.getRandomValues(new Uint8Array(15))).toString('hex')}0`;
}

function usageOid(usage: CertificateUsage): string {
  return usage === 'server' ? x509.ExtendedKeyUsage.serverAuth : x509.ExtendedKeyUsage.clientAuth;
}

function pemOf(certificate: x509.X509Certificate): string {
  return `${certificate.toString('pem')}\n`;
}

async function keyPemOf(key: webcrypto.CryptoKey): Promise<string> {
  const der = await webcrypto.subtle.exportKey('pkcs8', key);
  return `${x509.PemConverter.encode(der, 'PRIVATE KEY')}\n`;
}

async function replaceFile(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
}
