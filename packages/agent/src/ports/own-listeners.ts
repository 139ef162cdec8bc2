import { readdir, readlink } from 'node:fs/promises';
import { errorCode } from '../addresses/cni-files/result-files.ts';
import { readListeningSockets } from './listening-sockets.ts';
import type { ListeningSocket } from './listening-sockets.ts';

const DESCRIPTORS = '/proc/self/fd';

/** The inodes of this process's own listening sockets. */
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

/** '' if it has been closed meanwhile. */
async function linkOf(path: string): Promise<string> {
  try {
    return await readlink(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return '';
    throw error;
  }
}
