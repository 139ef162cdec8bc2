import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, realpathSync, statSync } from 'node:fs';

/** Paths of PEM files, as the flags `--cert --key --ca` give them. */
export interface TlsFiles {
  /** Certificate chain, the own certificate first. */
  readonly cert: string;
  readonly key: string;
  /** One or more authorities that the peer's certificate must come from. */
  readonly ca: string;
}

/** What the certificate is shown as. */
export type TlsPurpose = 'server' | 'client';

/** The three files, read at one moment and found to fit. */
export interface TlsMaterial {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca: Buffer;
  /** When the own certificate ends. Milliseconds since the epoch. */
  readonly certEndsMs: number;
  /** When the last of the authorities ends. Milliseconds since the epoch. */
  readonly caEndsMs: number;
  /** SHA-256 of the own certificate, for the log. */
  readonly certFingerprint: string;
}

export interface LoadTlsOptions {
  readonly purpose: TlsPurpose;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
}

/** A fault of a TLS file. The message names the file, the fault and what to do; it never holds key material. */
export class TlsFault extends Error {
  override readonly name = 'TlsFault';
}

/** Chains and bundles are a few kB: more is a wrong path. */
const LARGEST_FILE_BYTES = 1_048_576;
/** How often a set of files that changes while it is read is read again. */
const READ_ATTEMPTS = 3;
const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;
/** RFC 5280, 4.2.1.12. */
const USAGE_OIDS = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2' } as const;

/** Reads and checks the files of one side; throws a TlsFault. */
export function loadTlsFiles(files: TlsFiles, { purpose, nowMs }: LoadTlsOptions): TlsMaterial {
  const { cert, key, ca } = readTogether(files);
  const own = certificatesOf(cert, `--cert ${files.cert}`)[0];
  if (own === undefined) throw new TlsFault(`--cert ${files.cert} holds no certificate: it must be PEM`);
  checkOwn(own, { purpose, nowMs, file: files.cert });
  checkPair(own, key, files);
  const authorities = certificatesOf(ca, `--ca ${files.ca}`);
  const caEndsMs = Math.max(...authorities.map(endOf));
  checkAuthorities(authorities, { caEndsMs, nowMs, file: files.ca });
  return { cert, key, ca, certEndsMs: endOf(own), caEndsMs, certFingerprint: own.fingerprint256 };
}

/** Changes when any of the files, or the `..data` link that they stand behind, does. Throws a TlsFault where one is away. */
export function stampOfTlsFiles(files: TlsFiles): string {
  return allOf((flag) => {
    const path = attempt(`--${flag} ${files[flag]} cannot be read`, () => realpathSync(files[flag]));
    const { ino, mtimeNs, ctimeNs, size } = statSync(path, { bigint: true });
    return [path, ino, mtimeNs, ctimeNs, size].join(' ');
  }).join('\n');
}

/** What `look` gives for each of the three; their faults come together in one. */
function allOf(look: (flag: keyof TlsFiles) => string): string[] {
  const faults: string[] = [];
  const seen = (['cert', 'key', 'ca'] as const).map((flag) => {
    try {
      return look(flag);
    } catch (error) {
      if (!(error instanceof TlsFault)) throw error;
      faults.push(error.message);
      return '';
    }
  });
  if (faults.length > 0) throw new TlsFault(faults.join('; '));
  return seen;
}

/** A Secret's volume is swapped as a whole: three files read across the swap would not belong together. */
function readTogether(files: TlsFiles): Record<keyof TlsFiles, Buffer> {
  for (let left = READ_ATTEMPTS; left > 0; left -= 1) {
    const before = stampOfTlsFiles(files);
    const read = { cert: readOne('cert', files), key: readOne('key', files), ca: readOne('ca', files) };
    if (stampOfTlsFiles(files) === before) return read;
  }
  throw new TlsFault(`--cert ${files.cert}, its key or CA changed while they were read: try again`);
}

function readOne(flag: keyof TlsFiles, files: TlsFiles): Buffer {
  const name = `--${flag} ${files[flag]}`;
  const about = attempt(`${name} cannot be read`, () => statSync(files[flag]));
  if (!about.isFile()) throw new TlsFault(`${name} is not a file: give the path of a PEM file`);
  if (about.size === 0) throw new TlsFault(`${name} is empty: write the PEM file anew`);
  if (about.size > LARGEST_FILE_BYTES)
    throw new TlsFault(`${name} is over 1 MB: give the path of a PEM file`);
  return attempt(`${name} cannot be read`, () => readFileSync(files[flag]));
}

function certificatesOf(pem: Buffer, name: string): X509Certificate[] {
  const blocks = pem.toString('latin1').match(PEM_CERTIFICATE) ?? [];
  if (blocks.length === 0) throw new TlsFault(`${name} holds no certificate: it must be PEM`);
  return blocks.map((block, index) =>
    attempt(
      `${name}: certificate ${index + 1} does not parse; write the file anew`,
      () => new X509Certificate(block),
    ),
  );
}

function checkOwn(own: X509Certificate, { purpose, nowMs, file }: LoadTlsOptions & { file: string }): void {
  const name = `--cert ${file}`;
  if (endOf(own) <= nowMs) throw new TlsFault(`${name} expired at ${timeOf(endOf(own))}: renew it`);
  const begins = Date.parse(own.validFrom);
  if (begins > nowMs) {
    throw new TlsFault(`${name} is not valid before ${timeOf(begins)}: check the clock of this machine`);
  }
  // The types say string[]; a certificate without the extension has undefined, and is good for every purpose.
  const usages = own.keyUsage as string[] | undefined;
  if (usages !== undefined && !usages.includes(USAGE_OIDS[purpose])) {
    throw new TlsFault(
      `${name} is not a ${purpose} certificate: issue it with extended key usage ${purpose}Auth`,
    );
  }
}

function checkPair(own: X509Certificate, key: Buffer, files: TlsFiles): void {
  const privateKey = attempt(`--key ${files.key} does not parse as an unencrypted PEM private key`, () =>
    createPrivateKey(key),
  );
  if (!own.checkPrivateKey(privateKey)) {
    throw new TlsFault(
      `--key ${files.key} does not belong to the first certificate of --cert ${files.cert}: ` +
        'write both anew, the own certificate before those of its authorities',
    );
  }
}

function checkAuthorities(
  authorities: readonly X509Certificate[],
  { caEndsMs, nowMs, file }: { caEndsMs: number; nowMs: number; file: string },
): void {
  const stranger = authorities.find((authority) => !authority.ca);
  if (stranger !== undefined) {
    throw new TlsFault(`--ca ${file} holds the certificate of ${subjectOf(stranger)}, which is no authority`);
  }
  if (caEndsMs <= nowMs) {
    throw new TlsFault(`--ca ${file}: the last authority in it expired at ${timeOf(caEndsMs)}: renew it`);
  }
}

function attempt<T>(message: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    // OpenSSL's and the file system's words name no secret.
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new TlsFault(`${message} (${why})`);
  }
}

function endOf(certificate: X509Certificate): number {
  return Date.parse(certificate.validTo);
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}

function subjectOf(certificate: X509Certificate): string {
  // The types say string; a certificate may have no subject.
  const subject = certificate.subject as string | undefined;
  return JSON.stringify((subject ?? '').replaceAll('\n', ', '));
}
