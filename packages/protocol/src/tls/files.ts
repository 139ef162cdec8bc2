import { readFileSync, realpathSync, statSync } from 'node:fs';
import {
  attempt,
  certificatesOf,
  checkAuthorities,
  checkOwnCertificate,
  endOf,
  privateKeyOf,
  TlsFault,
} from './certificates.ts';
import type { TlsPurpose } from './certificates.ts';

/** Paths of PEM files, as given by `--cert --key --ca`. */
export interface TlsFiles {
  /** Certificate chain, own certificate first. */
  readonly cert: string;
  readonly key: string;
  /** One or more authorities, one of which must have issued the peer's certificate. */
  readonly ca: string;
}

/** The authorities that a side trusts. */
export interface Authorities {
  readonly ca: Buffer;
  /** When the last authority expires. Milliseconds since the epoch. */
  readonly caEndsMs: number;
}

/** What a side trusts and presents, read together and checked to match. */
export interface TlsMaterial extends Authorities {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** When the own certificate expires. Milliseconds since the epoch. */
  readonly certEndsMs: number;
  /** SHA-256 of the own certificate, for the log. */
  readonly certFingerprint: string;
}

export interface LoadTlsOptions {
  readonly purpose: TlsPurpose;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
}

type Flag = keyof TlsFiles;

/** Chains and bundles are a few kB. A larger file is a wrong path. */
const LARGEST_FILE_BYTES = 1_048_576;
/** How often files that change while being read are read again. */
const READ_ATTEMPTS = 3;

/** Reads and checks the files of one side. Throws a TlsFault. */
export function loadTlsFiles(files: TlsFiles, { purpose, nowMs }: LoadTlsOptions): TlsMaterial {
  const { cert, key, ca } = readTogether(files);
  const name = `--cert ${files.cert}`;
  const [own] = certificatesOf(cert.toString('latin1'), name);
  checkOwnCertificate(own, { purpose, nowMs, name });
  if (!own.checkPrivateKey(privateKeyOf(key, `--key ${files.key}`))) {
    throw new TlsFault(
      `--key ${files.key} does not belong to the first certificate of --cert ${files.cert}; ` +
        'write both again, with the own certificate before those of its authorities',
    );
  }
  const authorities = authoritiesOf(ca, { file: files.ca, nowMs });
  return { cert, key, ...authorities, certEndsMs: endOf(own), certFingerprint: own.fingerprint256 };
}

/** Reads and checks only authorities. Throws a TlsFault. */
export function loadAuthorities(file: string, { nowMs }: Pick<LoadTlsOptions, 'nowMs'>): Authorities {
  return authoritiesOf(readTogether({ ca: file }).ca, { file, nowMs });
}

/**
 * Changes when any of the files changes, or the `..data` link that leads to them. Throws a TlsFault if one is missing.
 */
export function stampOfTlsFiles(files: Partial<TlsFiles>): string {
  return Object.values(
    eachOf(files, (path, flag) => {
      const real = attempt(`--${flag} ${path} cannot be read`, () => realpathSync(path));
      const { ino, mtimeNs, ctimeNs, size } = statSync(real, { bigint: true });
      return [real, ino, mtimeNs, ctimeNs, size].join(' ');
    }),
  ).join('\n');
}

function authoritiesOf(ca: Buffer, { file, nowMs }: { file: string; nowMs: number }): Authorities {
  const name = `--ca ${file}`;
  const { endsMs } = checkAuthorities(certificatesOf(ca.toString('latin1'), name), { nowMs, name });
  return { ca, caEndsMs: endsMs };
}

/** Calls `look` for each file. Faults are combined into one. */
function eachOf<Files extends Partial<TlsFiles>, Seen>(
  files: Files,
  look: (path: string, flag: Flag) => Seen,
): Record<keyof Files & Flag, Seen> {
  const faults: string[] = [];
  const seen: Partial<Record<Flag, Seen>> = {};
  for (const flag of ['cert', 'key', 'ca'] as const) {
    const path = files[flag];
    if (path === undefined) continue;
    try {
      seen[flag] = look(path, flag);
    } catch (error) {
      if (!(error instanceof TlsFault)) throw error;
      faults.push(error.message);
    }
  }
  if (faults.length > 0) throw new TlsFault(faults.join('; '));
  return seen as Record<keyof Files & Flag, Seen>;
}

/** A Secret's volume is replaced as a whole, and files read across the replacement would not match. */
function readTogether<Files extends Partial<TlsFiles>>(files: Files): Record<keyof Files & Flag, Buffer> {
  for (let left = READ_ATTEMPTS; left > 0; left -= 1) {
    const before = stampOfTlsFiles(files);
    const read = eachOf(files, readOne);
    if (stampOfTlsFiles(files) === before) return read;
  }
  const [first] = Object.entries(files);
  throw new TlsFault(
    `--${first?.join(' ')} or a file that belongs to it changed while it was read; try again`,
  );
}

function readOne(path: string, flag: Flag): Buffer {
  const name = `--${flag} ${path}`;
  const about = attempt(`${name} cannot be read`, () => statSync(path));
  if (!about.isFile()) throw new TlsFault(`${name} is not a file; give the path of a PEM file`);
  if (about.size === 0) throw new TlsFault(`${name} is empty; write the PEM file again`);
  if (about.size > LARGEST_FILE_BYTES)
    throw new TlsFault(`${name} is larger than 1 MB; give the path of a PEM file`);
  return attempt(`${name} cannot be read`, () => readFileSync(path));
}
