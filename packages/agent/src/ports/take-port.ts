import { isPortTaken } from '@rolegate/runtime';
import type { Clock, HostPort, Log } from '@rolegate/runtime';

/** How often the port is tried (DESIGN.md 4.4). Each attempt takes half a millisecond of CPU. Milliseconds. */
const EVERY_MS = 20;
/** After this time an upgrade has replaced the agent that has the port, and it is tried less often. Milliseconds. */
const SOON_MS = 300_000;
const LATER_EVERY_MS = 250;
/** An agent that checks whether the port is free blocks it for a moment. */
const FIRST_TRIES = 4;

const HINT =
  "The agent answers no Pod on this address until it has the port. Expected while an agent of version 0.1 is being replaced, which still answers. Otherwise find the process on the node with ss -tlnpe 'sport = :PORT', and end it or change --port.";

export interface TakePortOptions {
  readonly at: HostPort;
  /**
   * Listens with SO_REUSEPORT. Rejects with EADDRINUSE while a process of another user, or one that does not share, has the
   * port.
   */
  readonly listen: (host: string, port: number) => Promise<unknown>;
  readonly clock: Pick<Clock, 'sleep' | 'monotonic'>;
  readonly log: Log;
}

/** Retries until the port is acquired. False: the signal came first. Rejects if it can never be acquired. */
export async function takePort(options: TakePortOptions, signal: AbortSignal): Promise<boolean> {
  const { at, listen, clock, log } = options;
  const about = { address: at.host, port: at.port };
  const beganMs = clock.monotonic();
  const stopped = () => signal.aborted;
  for (let tries = 1; !stopped(); tries += 1) {
    if (await isTaken(() => listen(at.host, at.port))) {
      const waitedMs = Math.round(clock.monotonic() - beganMs);
      if (tries > FIRST_TRIES) log.info('port acquired', { ...about, waitedMs });
      return true;
    }
    if (tries === FIRST_TRIES) log.warn('port in use; waiting for it', { ...about, hint: HINT });
    const isSoon = clock.monotonic() - beganMs < SOON_MS;
    await clock.sleep(isSoon ? EVERY_MS : LATER_EVERY_MS, signal);
  }
  return false;
}

async function isTaken(listen: () => Promise<unknown>): Promise<boolean> {
  try {
    await listen();
    return true;
  } catch (error) {
    if (!isPortTaken(error)) throw error;
    return false;
  }
}
