import { closeSync, constants, fstatSync, openSync, readSync, watch } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import { lstat, open, readdir, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

/** Never follows a symbolic link, and never waits for the other end of a pipe. */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** Files are read in chunks of this size, so that none keeps the process from other work. Bytes. */
const PIECE = 64 * 1024;

/** Identifies the state of a file. */
export interface Stamp {
  /** Programs can set it to any time. */
  readonly mtimeNs: bigint;
  /**
   * When the file was created, or its ctime if the file system does not record that. No program can set it. Unlike ctime, it
   * does not change when a file is touched or its owner, mode or label changes. It is affected by clock steps.
   */
  readonly createdNs: bigint;
  /** The same until the file is written or replaced. */
  readonly version: string;
}

export interface ReadFile extends Stamp {
  /** `changed`: while it was read. */
  readonly outcome: 'whole' | 'too-large' | 'changed';
}

/** The file system operations used, so that tests can inject faults. */
export interface ResultFiles {
  /** Changes if the directory is replaced under the same name. */
  readonly identity: (directory: string) => Promise<string>;
  readonly list: (directory: string) => Promise<readonly string[]>;
  /** Undefined: removed, or not a regular file. */
  readonly stamp: (path: string) => Promise<Stamp | undefined>;
  /** Passes on the content chunk by chunk; each chunk is overwritten by the next. Undefined: removed, or not a regular file. */
  readonly read: (
    path: string,
    mostBytes: number,
    take: (piece: Buffer) => void,
  ) => Promise<ReadFile | undefined>;
  /**
   * Synchronous version for a file that was written a moment ago, so the disk does not block. `known`: the file still has this
   * version and is not read. `later`: the file is too large, or only `read` can tell more. Never throws.
   */
  readonly readNow: (
    path: string,
    knownVersion: string | undefined,
    take: (piece: Buffer) => void,
  ) => ReadFile | 'known' | 'later';
  /** Calls with the name of a file that was created, removed or changed; undefined if the system does not say which. */
  readonly watch: (
    directory: string,
    changed: (name: string | undefined) => void,
    lost: (error: unknown) => void,
  ) => () => void;
}

/** The machine's own file system. */
export const systemFiles: ResultFiles = {
  async identity(directory) {
    const { dev, ino } = await stat(directory, { bigint: true });
    return `${dev.toString()}:${ino.toString()}`;
  },
  list: (directory) => readdir(directory),
  stamp: (path) =>
    unlessGone(async () => {
      const stats = await lstat(path, { bigint: true });
      return stats.isFile() ? stampOf(stats) : undefined;
    }),
  read: (path, mostBytes, take) =>
    unlessGone(async () => {
      await using file = await open(path, OPEN_FLAGS);
      const stats = await file.stat({ bigint: true });
      if (!stats.isFile()) return undefined;
      const stamp = stampOf(stats);
      const fits =
        stats.size <= BigInt(mostBytes) && (await readAll(file, Number(stats.size), mostBytes, take));
      if (!fits) return { ...stamp, outcome: 'too-large' };
      const after = stampOf(await file.stat({ bigint: true }));
      return { ...stamp, outcome: after.version === stamp.version ? 'whole' : 'changed' };
    }),
  readNow(path, knownVersion, take) {
    try {
      const file = openSync(path, OPEN_FLAGS);
      try {
        return readSmall(file, knownVersion, take);
      } finally {
        closeSync(file);
      }
    } catch {
      return 'later'; // the later read reports the error
    }
  },
  watch(directory, changed, lost) {
    const watcher = watch(directory, { persistent: false }, (_event, name) => {
      changed(name ?? undefined);
    });
    watcher.on('error', lost);
    return () => {
      watcher.close();
    };
  },
};

/** At most one chunk. Nothing is passed on if the file is to be read later. */
function readSmall(
  file: number,
  knownVersion: string | undefined,
  take: (piece: Buffer) => void,
): ReadFile | 'known' | 'later' {
  const stats = fstatSync(file, { bigint: true });
  if (!stats.isFile() || stats.size >= BigInt(PIECE)) return 'later';
  const stamp = stampOf(stats);
  if (stamp.version === knownVersion) return 'known';
  const piece = Buffer.allocUnsafe(Number(stats.size) + 1);
  const bytesRead = readSync(file, piece, 0, piece.length, 0);
  if (bytesRead === piece.length || stampOf(fstatSync(file, { bigint: true })).version !== stamp.version)
    return 'later';
  take(piece.subarray(0, bytesRead));
  return { ...stamp, outcome: 'whole' };
}

/** False: it is larger than allowed. `size` is its last known size; it may have grown. */
async function readAll(
  file: FileHandle,
  size: number,
  mostBytes: number,
  take: (piece: Buffer) => void,
): Promise<boolean> {
  const piece = Buffer.allocUnsafe(Math.min(PIECE, size + 1));
  let at = 0;
  for (;;) {
    const { bytesRead } = await file.read(piece, 0, piece.length, at);
    at += bytesRead;
    if (at > mostBytes) return false;
    take(piece.subarray(0, bytesRead));
    if (bytesRead < piece.length) return true;
  }
}

function stampOf({ dev, ino, size, mtimeNs, ctimeNs, birthtimeNs }: BigIntStats): Stamp {
  return {
    mtimeNs,
    createdNs: birthtimeNs > 0n ? birthtimeNs : ctimeNs,
    version: [dev, ino, size, mtimeNs, ctimeNs].join(':'),
  };
}

/** ELOOP: O_NOFOLLOW met a symbolic link. ENXIO: a socket, or a pipe without reader. */
async function unlessGone<Found>(look: () => Promise<Found>): Promise<Found | undefined> {
  try {
    return await look();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO'].includes(errorCode(error))) return undefined;
    throw error;
  }
}

/** The system's error code (`ENOENT`); '' if it has none. */
export function errorCode(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '';
}
