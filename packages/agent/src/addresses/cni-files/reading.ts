import { describeError } from '@rolegate/runtime';
import { createCniResultReader } from './parse-result.ts';
import type { ReadCniResult } from './parse-result.ts';
import type { ResultFiles, Stamp } from './result-files.ts';

/**
 * A result holds the Pod's annotations (256 KiB, up to six times as long when escaped) and its host ports. An object within
 * etcd's limit of 1.5 MiB can grow to at most 7.6 MB (ADR 4).
 */
const MOST_BYTES = 8 * 1024 * 1024;

/** What one read found. */
export type Reading = { readonly kind: 'gone' } | Read | Failed;

export interface Read {
  readonly kind: 'read';
  readonly stamp: Stamp;
  readonly read: ReadCniResult;
}

export interface Failed {
  readonly kind: 'failed';
  /** Undefined: not known either. */
  readonly version: string | undefined;
  readonly fault: string;
  /** Another read may succeed even if the file does not change. */
  readonly tryAgain: boolean;
}

/** Reads a file that was written a moment ago. `known`: nothing new. `later`: only `readOnce` can tell. */
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
      return {
        kind: 'failed',
        version: stamp.version,
        fault: 'the file is larger than 8 MiB',
        tryAgain: false,
      };
    const changed = { kind: 'broken', fault: 'the file changed while it was read', cutShort: true } as const;
    return { kind: 'read', stamp, read: changed };
  } catch (error) {
    const stamp = await files.stamp(path).catch(() => undefined);
    return { kind: 'failed', version: stamp?.version, fault: describeError(error), tryAgain: true };
  }
}
