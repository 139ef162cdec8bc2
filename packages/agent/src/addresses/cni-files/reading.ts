import { describeError } from '@rolegate/runtime';
import { createCniResultReader } from './parse-result.ts';
import type { ReadCniResult } from './parse-result.ts';
import type { ResultFiles, Stamp } from './result-files.ts';

/**
 * A result holds the Pod's annotations (256 KiB, escaped up to six times as long) and its host ports: 7.6 MB are the most that an
 * object of etcd's 1.5 MiB can grow to (ADR 4).
 */
const MOST_BYTES = 8 * 1024 * 1024;

/** What one reading found. */
export type Reading = { readonly kind: 'gone' } | Read | Failed;

export interface Read {
  readonly kind: 'read';
  readonly stamp: Stamp;
  readonly read: ReadCniResult;
}

export interface Failed {
  readonly kind: 'failed';
  /** Undefined: not even that can be told. */
  readonly version: string | undefined;
  readonly fault: string;
  /** Another reading may succeed though the file stays as it is. */
  readonly tryAgain: boolean;
}

/** What a file says that was written a moment ago. `known`: nothing new. `later`: only `readOnce` can tell. */
export function readNow(
  files: ResultFiles,
  path: string,
  knownVersion: string | undefined,
): Read | 'known' | 'later' {
  const reader = createCniResultReader();
  const file = files.readNow(path, knownVersion, reader.read);
  return typeof file === 'string' ? file : { kind: 'read', stamp: file, read: reader.end() };
}

/** Never rejects. */
export async function readOnce(files: ResultFiles, path: string): Promise<Reading> {
  const reader = createCniResultReader();
  try {
    const file = await files.read(path, MOST_BYTES, reader.read);
    if (file === undefined) return { kind: 'gone' };
    const { outcome, ...stamp } = file;
    if (outcome === 'whole') return { kind: 'read', stamp, read: reader.end() };
    if (outcome === 'too-large')
      return { kind: 'failed', version: stamp.version, fault: 'it is larger than 8 MiB', tryAgain: false };
    const changed = { kind: 'broken', fault: 'it changed while it was read', cutShort: true } as const;
    return { kind: 'read', stamp, read: changed };
  } catch (error) {
    const stamp = await files.stamp(path).catch(() => undefined);
    return { kind: 'failed', version: stamp?.version, fault: describeError(error), tryAgain: true };
  }
}
