import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../addresses/cni-files/result-files.ts';
import { LONGEST_NAMED, namedText, parseNamed } from './named-listeners.ts';
import type { NamedListeners } from './named-listeners.ts';

/** Two agents and what dead processes left; more are not read. */
const MOST_NOTES = 32;
const NAME = /^listeners-[0-9a-f]{16}$/;
/** Removed, or a link, a pipe or a directory. */
const NO_NOTE: ReadonlySet<string> = new Set(['ENOENT', 'ELOOP', 'ENXIO', 'EISDIR']);
const OTHERS_MAY_WRITE = 0o022;
const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;

/** The listeners that each agent Pod of the node names, for the others. */
export interface ListenerNotes {
  /** Rejects if it cannot be written. */
  readonly write: (named: NamedListeners) => Promise<void>;
  /** By file name, including our own. Rejects if the directory cannot be read or others can write there. */
  readonly read: () => Promise<ReadonlyMap<string, NamedListeners>>;
  /** Removes the note of an agent that has ended. */
  readonly remove: (name: string) => Promise<void>;
  /** Removes our own note. */
  readonly close: () => Promise<void>;
}

/** A directory on the node that only root can write to, with one file per agent Pod. */
export function createListenerNotes(directory: string): ListenerNotes {
  const own = `listeners-${randomBytes(8).toString('hex')}`;
  const remove = (name: string) => rm(join(directory, name), { force: true });

  async function read(): Promise<ReadonlyMap<string, NamedListeners>> {
    await refuseShared(directory);
    const notes = new Map<string, NamedListeners>();
    const names = (await readdir(directory)).filter((name) => NAME.test(name)).slice(0, MOST_NOTES);
    for (const name of names) {
      const named = parseNamed(await readNote(join(directory, name)));
      if (named !== undefined) notes.set(name, named);
    }
    return notes;
  }

  return {
    async write(named) {
      const path = join(directory, own);
      await writeFile(`${path}.new`, namedText(named), { mode: 0o600 });
      await rename(`${path}.new`, path);
    },
    read,
    remove,
    async close() {
      await remove(`${own}.new`);
      await remove(own);
    },
  };
}

async function refuseShared(directory: string): Promise<void> {
  const stats = await lstat(directory);
  if (!stats.isDirectory()) throw new Error(`${directory} is not a directory`);
  if (stats.uid !== process.geteuid?.() || (stats.mode & OTHERS_MAY_WRITE) !== 0)
    throw new Error(`other users can write to ${directory}`);
}

/** '' if it is not a note or was removed. */
async function readNote(path: string): Promise<string> {
  try {
    await using file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const buffer = Buffer.alloc(LONGEST_NAMED + 1); // one more than allowed, to detect a text that is too long
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } catch (error) {
    if (NO_NOTE.has(errorCode(error))) return '';
    throw error;
  }
}
