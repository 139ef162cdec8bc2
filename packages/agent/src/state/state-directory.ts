import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import type { Stats } from 'node:fs';
import { join } from 'node:path';
import { StateFault } from './shape.ts';

const FILE = 'agent-state';
const ONLY_OWN = 0o600;
const GROUP = 0o070;
const OTHERS = 0o007;
/** A node with 110 Pods needs a third of a megabyte. Bytes. */
const LARGEST = 64 * 1024 * 1024;
/** TMPFS_MAGIC and RAMFS_MAGIC of statfs(2). */
const IN_MEMORY: ReadonlySet<number> = new Set([0x0102_1994, 0x8584_58f6]);
/** Never follows a symbolic link, and never waits for the other end of a pipe. */
const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_WRONLY, O_CREAT, O_EXCL } = constants;

/** The only file of `--state-dir`. All methods are synchronous: a change must be complete before anything else happens. */
export interface StateDirectory {
  /** For logs. */
  readonly file: string;
  /** Undefined: no file. Throws if others can access it or it cannot be read. */
  readonly read: () => Buffer | undefined;
  /** Writes atomically, readable only by this user. Throws on failure and then leaves the file unchanged. */
  readonly write: (content: Buffer) => void;
  /** Throws if the file still exists afterwards. */
  readonly remove: () => void;
  /** True if the directory is never stored on a disk. */
  readonly isInMemory: () => boolean;
}

export function openStateDirectory(directory: string): StateDirectory {
  const file = join(directory, FILE);
  const draft = `${file}.new`;

  function write(content: Buffer): void {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    rmSync(draft, { force: true });
    try {
      const descriptor = openSync(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, ONLY_OWN);
      try {
        writeFileSync(descriptor, content);
      } finally {
        closeSync(descriptor);
      }
      renameSync(draft, file);
    } catch (error) {
      rmSync(draft, { force: true });
      throw error;
    }
  }

  return {
    file,
    read: () => readOwn(file),
    write,
    remove() {
      rmSync(file, { force: true });
    },
    isInMemory() {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      return IN_MEMORY.has(statfsSync(directory).type);
    },
  };
}

function readOwn(file: string): Buffer | undefined {
  const descriptor = openIfExists(file);
  if (descriptor === undefined) return undefined;
  try {
    const stats = fstatSync(descriptor);
    const { uid, size } = stats;
    if (!stats.isFile()) throw new StateFault('it is not a regular file');
    if (uid !== process.geteuid?.()) throw new StateFault(`it is of another user (${uid})`);
    closeToOthers(descriptor, stats);
    if (size > LARGEST) throw new StateFault('it is too large');
    return readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * kubelet makes the content of a volume accessible to its fsGroup. If that is our own group, no other user is in it, and the
 * permission is removed.
 */
function closeToOthers(descriptor: number, { mode, gid }: Stats): void {
  if ((mode & (GROUP | OTHERS)) === 0) return;
  if ((mode & OTHERS) !== 0 || gid !== process.getegid?.())
    throw new StateFault(`others may read it (mode ${(mode & 0o777).toString(8)})`);
  fchmodSync(descriptor, ONLY_OWN);
}

function openIfExists(file: string): number | undefined {
  try {
    return openSync(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw code === 'ELOOP' ? new StateFault('it is a symbolic link') : error;
  }
}
