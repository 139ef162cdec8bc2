import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, lstat, rename, rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import type { Server } from 'node:net';
import { dirname } from 'node:path';

/** Nobody but the program's own user. */
const MODE = 0o600;
/** Whoever listens takes a connection at once, however busy. Milliseconds. */
const CONNECT_WITHIN_MS = 1_000;

/** The socket cannot be made at its path. */
export class StatusSocketFault extends Error {
  override readonly name = 'StatusSocketFault';
}

/** Makes the server listen at the path, in the place of what a dead process left there. Rejects with a StatusSocketFault. */
export async function listenAt(server: Server, path: string): Promise<void> {
  try {
    await refuseOther(path);
    await bind(server, path);
  } catch (cause) {
    throw new StatusSocketFault(`no status socket at ${path}`, { cause });
  }
}

/** Under another name first: at its own it is only once it has its mode, and takes the place of a former one in one step. */
async function bind(server: Server, path: string): Promise<void> {
  const bound = `${path}.${randomBytes(4).toString('hex')}`;
  server.listen({ path: bound });
  await once(server, 'listening'); // rejects on 'error'
  try {
    await chmod(bound, MODE);
    await rename(bound, path);
  } catch (error) {
    server.close();
    await rm(bound, { force: true });
    throw error;
  }
}

/** A dead process's socket may be taken away; a live one's never, nor a file of somebody else's. */
async function refuseOther(path: string): Promise<void> {
  await stat(dirname(path)); // binding would say EACCES of a folder that is not there
  const stats = await lstat(path).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (stats === undefined) return;
  if (!stats.isSocket()) throw new Error('there is something else that is no socket; remove it');
  if (await isAlive(path)) throw new Error('another process listens there');
}

function isAlive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.setTimeout(CONNECT_WITHIN_MS);
    for (const event of ['connect', 'timeout'] as const) {
      socket.once(event, () => {
        socket.destroy();
        resolve(true);
      });
    }
    socket.once('error', (error) => {
      // Of a queue that is full somebody is behind it all the same.
      resolve(codeOf(error) === 'EAGAIN');
    });
  });
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}
