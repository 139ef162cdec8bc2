import { createServer } from 'node:net';
import { isPortTaken } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';

/** How often the port is checked until it can be taken. Milliseconds. */
const LOOK_MS = 250;

export interface ListenSharedOptions {
  readonly address: string;
  readonly port: number;
  /** Listens with SO_REUSEPORT as soon as no process has the port exclusively. False: the signal came first. */
  readonly take: (signal: AbortSignal) => Promise<boolean>;
  /** True once requests can be answered as well as by the process that has the port. */
  readonly canAnswer: () => boolean;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly log: Log;
}

/**
 * Listens on a port that another agent of the node may still use: immediately if it is free, otherwise once this agent can
 * answer as well as the other. From then on the kernel distributes new connections between both. False: the signal came first.
 */
export async function listenShared(options: ListenSharedOptions, signal: AbortSignal): Promise<boolean> {
  const { address, port, take, canAnswer, clock, log } = options;
  const stopped = () => signal.aborted;
  for (let isLogged = false; !stopped(); isLogged = true) {
    if (canAnswer() || (await isFree(address, port))) return take(signal);
    if (!isLogged) log.info('waiting for the Pod table before sharing the port', { address, port });
    await clock.sleep(LOOK_MS, signal);
  }
  return false;
}

/** Without SO_REUSEPORT a port can only be used exclusively. Errors other than EADDRINUSE show up when listening. */
function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer((socket) => socket.destroy());
    probe.once('error', (error) => {
      resolve(!isPortTaken(error));
    });
    probe.listen({ host, port }, () => {
      probe.close(() => {
        resolve(true);
      });
    });
  });
}
