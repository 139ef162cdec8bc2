import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, lstat, rename, stat } from 'node:fs/promises';
import type { Server } from 'node:net';
import { dirname } from 'node:path';
import type { Log } from '@rolegate/runtime';
import { errorCode } from '../addresses/cni-files/result-files.ts';

/** The agent runs as another user. The directory's permissions decide who can connect. */
const MODE = 0o666;

const HINT = 'Check the limit of open files (ulimit -n). If agents cannot connect, restart reconcile.';

/** Listens on a unix socket. Rejects if there is something at the path that is no socket, or if one cannot be made. */
export async function listenAt(path: string, server: Server, log: Log): Promise<void> {
  await refuseOther(path);
  // Under another name first, for libuv removes the name that it bound when it closes: by then the next process may be
  // listening at the path. Renamed, it takes the place of what a former process left there, with nothing between.
  const bound = `${path}.${randomBytes(4).toString('hex')}`;
  server.listen({ path: bound });
  await once(server, 'listening'); // rejects on 'error'
  server.on('error', (error) => {
    log.warn('reconcile socket failed', { error: error.message, hint: HINT });
  });
  await chmod(bound, MODE);
  await rename(bound, path);
}

/** A former process's socket may be taken away; a file of somebody else's never. */
async function refuseOther(path: string): Promise<void> {
  await stat(dirname(path)); // binding would say EACCES of a folder that is not there
  const stats = await lstat(path).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (stats !== undefined && !stats.isSocket())
    throw new Error(`${path} is there and no socket; give --cni-socket another path, or remove it`);
}
