import { isPortTaken } from '@rolegate/runtime';
import type { Clock, HostPort, Log } from '@rolegate/runtime';

/** How often it is tried (DESIGN.md 4.4). Each try takes half a millisecond of CPU. Milliseconds. */
const EVERY_MS = 20;
/** An upgrade has replaced the agent that has the port by then: it is tried less often. Milliseconds. */
const SOON_MS = 300_000;
const LATER_EVERY_MS = 250;
/** An agent that looks whether the port is free keeps it from others for a moment. */
const FIRST_TRIES = 4;

const HINT =
  'If no other agent runs on the node, find the process with ss -tlnpe. An agent that runs as another user (0.1 does) frees the port when it stops.';

export interface TakePortOptions {
  readonly at: HostPort;
  /** Listens with SO_REUSEPORT; rejects with EADDRINUSE while the port is a process's of another user, or one's that does not share. */
  readonly listen: (host: string, port: number) => Promise<unknown>;
  readonly clock: Pick<Clock, 'sleep' | 'monotonic'>;
  readonly log: Log;
}

/** Tries until the port is ours. False: the signal came first. Rejects if it can never be had. */
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
