import { constants, watch } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import { lstat, open, readdir, stat } from 'node:fs/promises';

/** Never through a symbolic link, and never waiting for the other end of a pipe. */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Which state of a file was seen. */
export interface Stamp {
  readonly mtimeNs: bigint;
  /** Equal while the file has not been written or replaced. */
  readonly version: string;
}

export interface ResultFile extends Stamp {
  /** Undefined: larger than allowed. */
  readonly text: string | undefined;
}

/** The file system as far as it is needed, so that tests can have a broken one. */
export interface ResultFiles {
  /** Changes when the directory is another one under the same name. */
  readonly identity: (directory: string) => Promise<string>;
  readonly list: (directory: string) => Promise<readonly string[]>;
  /** Undefined: gone, or not a regular file. */
  readonly stamp: (path: string) => Promise<Stamp | undefined>;
  /** Undefined: gone, or not a regular file. */
  readonly read: (path: string, maxBytes: number) => Promise<ResultFile | undefined>;
  /** Calls with the name of a file that came, went or changed; undefined where the system does not say which. */
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
  read: (path, maxBytes) =>
    unlessGone(async () => {
      await using file = await open(path, OPEN_FLAGS);
      const stats = await file.stat({ bigint: true });
      if (!stats.isFile()) return undefined;
      const stamp = stampOf(stats);
      if (stats.size > BigInt(maxBytes)) return { ...stamp, text: undefined };
      // It may grow meanwhile: one byte more than allowed tells.
      const buffer = Buffer.alloc(Math.min(maxBytes, Number(stats.size)) + 1);
      const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
      return { ...stamp, text: bytesRead > maxBytes ? undefined : buffer.toString('utf8', 0, bytesRead) };
    }),
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

function stampOf({ dev, ino, size, mtimeNs }: BigIntStats): Stamp {
  return { mtimeNs, version: [dev, ino, size, mtimeNs].join(':') };
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

/** The system's code of an error (`ENOENT`), '' where it has none. */
export function errorCode(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '';
}
