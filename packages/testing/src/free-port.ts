import { createServer } from 'node:net';

/**
 * Ports of 10000 to 31999: below the ephemeral range of Linux, from which an outgoing connection could take one before its
 * program has started.
 */
const FIRST = 10_000;
const SLICES = 200;
const SLICE = 110;

let taken = 0;

/**
 * A port of 127.0.0.1 that is free: a program's address must be known before it starts. Each process takes its own slice in
 * turn, so that several at once do not choose the same.
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
