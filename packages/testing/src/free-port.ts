import { createServer } from 'node:net';

/**
 * Ports 10000 to 31999 are below Linux's ephemeral range. An outgoing connection could take a port in that range before
 * its program has started.
 */
const FIRST = 10_000;
const SLICES = 200;
const SLICE = 110;

let taken = 0;

/**
 * Finds a free port of 127.0.0.1, because a program's address must be known before it starts. Each process uses its own
 * slice of ports, so that concurrent processes do not choose the same one.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < SLICE; tries++) {
    const port = FIRST + (process.pid % SLICES) * SLICE + (taken++ % SLICE);
    if (await isFree(port)) return port;
  }
  throw new Error(`none of ${SLICE} ports of 127.0.0.1 is free`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    server.listen(port, '127.0.0.1', () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}
