import { closeSync, constants, fstatSync, openSync, readSync, watch } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import { lstat, open, readdir, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

/** Never through a symbolic link, and never waiting for the other end of a pipe. */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** A file is read in pieces of this size, so that none keeps the process from other work. Bytes. */
const PIECE = 64 * 1024;

/** Which state of a file was seen. */
export interface Stamp {
  /** Programs can set it to anything. */
  readonly mtimeNs: bigint;
  /**
   * When the file was created; its ctime if the file system does not say. No program can set it, and other than ctime it stays when
   * a file is touched, or has its owner, mode or label changed. A clock that steps is in it.
   */
  readonly createdNs: bigint;
  /** Equal while the file has not been written or replaced. */
  readonly version: string;
}

export interface ReadFile extends Stamp {
  /** `changed`: while it was being read. */
  readonly outcome: 'whole' | 'too-large' | 'changed';
}

/** The file system as far as it is needed, so that tests can have a broken one. */
export interface ResultFiles {
  /** Changes if the directory is replaced by another one under the same name. */
  readonly identity: (directory: string) => Promise<string>;
  readonly list: (directory: string) => Promise<readonly string[]>;
  /** Undefined: gone, or not a regular file. */
  readonly stamp: (path: string) => Promise<Stamp | undefined>;
  /** Hands over the content piece by piece; a piece is overwritten by the next. Undefined: gone, or not a regular file. */
  readonly read: (
    path: string,
    mostBytes: number,
    take: (piece: Buffer) => void,
  ) => Promise<ReadFile | undefined>;
  /**
   * The same at once, for a file that was written a moment ago, so that no disk is waited for. `known`: it has this version still, and
   * is not read. `later`: it is too large for that, or there is something about it that `read` tells. Never throws.
   */
  readonly readNow: (
    path: string,
    knownVersion: string | undefined,
    take: (piece: Buffer) => void,
  ) => ReadFile | 'known' | 'later';
  /** Calls with the name of a file that came, went or changed; undefined if the system does not say which. */
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
      return 'later'; // and the error with it
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

/** One piece at most. Nothing is taken of a file that is to be read later. */
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

/** False: it is larger than allowed. `size` is what it had a moment ago: it may grow meanwhile. */
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

/** The system's code of an error (`ENOENT`), '' if it has none. */
export function errorCode(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '';
}
