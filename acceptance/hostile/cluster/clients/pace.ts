import { setTimeout as sleep } from 'node:timers/promises';
import type { MachineMs } from '../calls.ts';

const TICK_MS = 5;

export interface Pace {
  readonly perSecond: number;
  /** Whether to continue. `elapsedMs` is the time since the start. */
  readonly shouldContinue: (elapsedMs: number, done: number) => boolean;
}

/** Calls `act` repeatedly at the given rate. Resolves to the number of calls. */
export async function paced(
  { perSecond, shouldContinue }: Pace,
  act: (index: number) => unknown,
): Promise<number> {
  const startMs = performance.now();
  let done = 0;
  for (;;) {
    const elapsedMs = performance.now() - startMs;
    if (!shouldContinue(elapsedMs, done)) return done;
    if (done < (elapsedMs * perSecond) / 1_000 + 1) await act(done++);
    else await sleep(TICK_MS);
  }
}

/** A clock that all processes of the machine share (CLOCK_MONOTONIC). */
export function machineMs(): MachineMs {
  return Number(process.hrtime.bigint()) / 1e6;
}
