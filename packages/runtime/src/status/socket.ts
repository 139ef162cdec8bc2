import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, lstat, rename, rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import type { Server } from 'node:net';
import { dirname } from 'node:path';

/** Only for the program's own user. */
const MODE = 0o600;
/** A listening process accepts immediately, however busy it is. Milliseconds. */
const CONNECT_WITHIN_MS = 1_000;

/** The socket cannot be created at its path. */
export class StatusSocketFault extends Error {
  override readonly name = 'StatusSocketFault';
}

/** Listens at the path and replaces the socket of a dead process. Rejects with a StatusSocketFault. */
export async function listenAt(server: Server, path: string): Promise<void> {
  try {
    await refuseOther(path);
    await bind(server, path);
  } catch (cause) {
    throw new StatusSocketFault(`cannot create the status socket ${path}`, { cause });
  }
}

/** Binds under another name, sets the mode and renames, so that the path never has a socket with another mode. */
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

/** Throws unless the path is free or has the socket of a dead process. */
async function refuseOther(path: string): Promise<void> {
  await stat(dirname(path)); // binding would report a missing folder as EACCES
  const stats = await lstat(path).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (stats === undefined) return;
  if (!stats.isSocket()) throw new Error('the path exists and is not a socket; remove it');
  if (await isAlive(path)) throw new Error('another process is listening on it');
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
      // A full queue means that a process is listening.
      resolve(codeOf(error) === 'EAGAIN');
    });
  });
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}
