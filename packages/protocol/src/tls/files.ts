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

/** Paths of PEM files, as the flags `--cert --key --ca` give them. */
export interface TlsFiles {
  /** Certificate chain, the own certificate first. */
  readonly cert: string;
  readonly key: string;
  /** One or more authorities that the peer's certificate must come from. */
  readonly ca: string;
}

/** Whom a side trusts. */
export interface Authorities {
  readonly ca: Buffer;
  /** When the last of the authorities ends. Milliseconds since the epoch. */
  readonly caEndsMs: number;
}

/** Whom a side trusts and what it shows, read at one moment and found to fit. */
export interface TlsMaterial extends Authorities {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** When the own certificate ends. Milliseconds since the epoch. */
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

/** Chains and bundles are a few kB: more is a wrong path. */
const LARGEST_FILE_BYTES = 1_048_576;
/** How often a set of files that changes while it is read is read again. */
const READ_ATTEMPTS = 3;

/** Reads and checks the files of one side; throws a TlsFault. */
export function loadTlsFiles(files: TlsFiles, { purpose, nowMs }: LoadTlsOptions): TlsMaterial {
  const { cert, key, ca } = readTogether(files);
  const name = `--cert ${files.cert}`;
  const [own] = certificatesOf(cert.toString('latin1'), name);
  checkOwnCertificate(own, { purpose, nowMs, name });
  if (!own.checkPrivateKey(privateKeyOf(key, `--key ${files.key}`))) {
    throw new TlsFault(
      `--key ${files.key} does not belong to the first certificate of --cert ${files.cert}: ` +
        'write both anew, the own certificate before those of its authorities',
    );
  }
  const authorities = authoritiesOf(ca, { file: files.ca, nowMs });
  return { cert, key, ...authorities, certEndsMs: endOf(own), certFingerprint: own.fingerprint256 };
}

/** Reads and checks authorities alone; throws a TlsFault. */
export function loadAuthorities(file: string, { nowMs }: Pick<LoadTlsOptions, 'nowMs'>): Authorities {
  return authoritiesOf(readTogether({ ca: file }).ca, { file, nowMs });
}

/** Changes when any of the files, or the `..data` link that they stand behind, does. Throws a TlsFault where one is away. */
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

/** What `look` gives for each of them; their faults come together in one. */
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

/** A Secret's volume is swapped as a whole: files read across the swap would not belong together. */
function readTogether<Files extends Partial<TlsFiles>>(files: Files): Record<keyof Files & Flag, Buffer> {
  for (let left = READ_ATTEMPTS; left > 0; left -= 1) {
    const before = stampOfTlsFiles(files);
    const read = eachOf(files, readOne);
    if (stampOfTlsFiles(files) === before) return read;
  }
  const [first] = Object.entries(files);
  throw new TlsFault(`--${first?.join(' ')} or what belongs to it changed while it was read: try again`);
}

function readOne(path: string, flag: Flag): Buffer {
  const name = `--${flag} ${path}`;
  const about = attempt(`${name} cannot be read`, () => statSync(path));
  if (!about.isFile()) throw new TlsFault(`${name} is not a file: give the path of a PEM file`);
  if (about.size === 0) throw new TlsFault(`${name} is empty: write the PEM file anew`);
  if (about.size > LARGEST_FILE_BYTES)
    throw new TlsFault(`${name} is over 1 MB: give the path of a PEM file`);
  return attempt(`${name} cannot be read`, () => readFileSync(path));
}
