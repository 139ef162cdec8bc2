import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, lstat, rename, stat } from 'node:fs/promises';
import type { Server } from 'node:net';
import { dirname } from 'node:path';
import type { Log } from '@rolegate/runtime';
import { errorCode } from '../addresses/cni-files/result-files.ts';

/** The agent runs as another user. The directory's permissions decide who can connect. */
const MODE = 0o666;

const HINT =
  'Check the limit of open files (ulimit -n). If agents cannot connect, restart the reconcile container.';

/** Listens on a unix socket. Rejects if the path exists and is not a socket, or if a socket cannot be created. */
export async function listenAt(path: string, server: Server, log: Log): Promise<void> {
  await refuseOther(path);
  // libuv removes the name that it bound when it closes, when the next process may already listen at the path. So the socket is
  // bound under a temporary name and renamed, which atomically replaces what a previous process left.
  const bound = `${path}.${randomBytes(4).toString('hex')}`;
  server.listen({ path: bound });
  await once(server, 'listening'); // rejects on 'error'
  server.on('error', (error) => {
    log.warn('reconcile socket failed', { error: error.message, hint: HINT });
  });
  await chmod(bound, MODE);
  await rename(bound, path);
}

/** Replaces a socket of a previous process, but never another file. */
async function refuseOther(path: string): Promise<void> {
  await stat(dirname(path)); // binding would report EACCES for a missing directory
  const stats = await lstat(path).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (stats !== undefined && !stats.isSocket())
    throw new Error(`${path} exists and is not a socket; remove it, or give --cni-socket another path`);
}
