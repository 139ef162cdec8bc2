import { readdir, readlink } from 'node:fs/promises';
import { describeError } from '@rolegate/runtime';
import type { Log } from '@rolegate/runtime';
import { errorCode } from '../addresses/cni-files/result-files.ts';
import { readListeningSockets } from './listening-sockets.ts';
import type { ListeningSocket } from './listening-sockets.ts';

const DESCRIPTORS = '/proc/self/fd';

export interface OwnListenersDeps {
  readonly read: () => Promise<readonly number[]>;
  /** They have been read. */
  readonly changed: () => void;
  readonly log: Log;
}

/** The inodes of this process's listening sockets, as last read. */
export interface OwnListeners {
  /** Undefined: not known. */
  readonly inodes: () => readonly number[] | undefined;
  readonly readAgain: () => void;
}

export function createOwnListeners({ read, changed, log }: OwnListenersDeps): OwnListeners {
  let inodes: readonly number[] | undefined;
  let isDue = false;
  let isReading = false;

  /** Runs in the background: with many connections on the node it takes tens of milliseconds. */
  async function readWhileDue(): Promise<void> {
    if (isReading) return;
    isReading = true;
    while (isDue) {
      isDue = false;
      inodes = await readOrLog();
      changed();
    }
    isReading = false;
  }

  async function readOrLog(): Promise<readonly number[] | undefined> {
    try {
      return await read();
    } catch (error) {
      log.warn('cannot list own listening sockets', {
        error: describeError(error),
        hint: 'Foreign listeners are not detected while this fails. Check that the agent can read /proc/self/fd.',
      });
      return undefined;
    }
  }

  return {
    inodes: () => inodes,
    readAgain() {
      isDue = true;
      void readWhileDue();
    },
  };
}

/** The inodes of this process's listening sockets. */
export async function readOwnListeners(
  read: () => Promise<readonly ListeningSocket[]> = readListeningSockets,
): Promise<readonly number[]> {
  const listening = new Set((await read()).map(({ inode }) => inode));
  const own: number[] = [];
  for (const name of await readdir(DESCRIPTORS)) {
    const inode = Number(/^socket:\[(\d+)\]$/.exec(await linkOf(`${DESCRIPTORS}/${name}`))?.[1]);
    if (listening.has(inode)) own.push(inode);
  }
  return own;
}

/** '' if it was closed in the meantime. */
async function linkOf(path: string): Promise<string> {
  try {
    return await readlink(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return '';
    throw error;
  }
}
