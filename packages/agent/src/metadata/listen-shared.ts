import { createServer } from 'node:net';
import { isPortTaken } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';

/** How often it is seen whether whoever has the port has left it, and whether we could share it. Milliseconds. */
const LOOK_MS = 250;

export interface ListenSharedOptions {
  readonly address: string;
  readonly port: number;
  /** Listens with SO_REUSEPORT as soon as nobody who does not share the port has it. False: the signal came first. */
  readonly take: (signal: AbortSignal) => Promise<boolean>;
  /** True once requests can be answered as well as by whoever has the port now. */
  readonly canAnswer: () => boolean;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly log: Log;
}

/**
 * Listens on a port that another agent of the node may still have: at once where nobody has it, else when we are as good as that
 * one. From then on the kernel deals new connections out to both. False: the signal came first.
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

/** Without SO_REUSEPORT a port is had alone or not at all. Other faults than that it is taken show when we listen. */
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
