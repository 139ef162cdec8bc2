import { setTimeout as sleep } from 'node:timers/promises';
import type { MachineMs } from '../orders.ts';

const TICK_MS = 5;

export interface Pace {
  readonly perSecond: number;
  /** Whether there is more to do when so much time has passed. Milliseconds. */
  readonly goesOn: (elapsedMs: number, done: number) => boolean;
}

/** Does one thing after the other, no faster than the pace. Resolves to how many. */
export async function paced({ perSecond, goesOn }: Pace, act: (index: number) => unknown): Promise<number> {
  const startMs = performance.now();
  let done = 0;
  for (;;) {
    const elapsedMs = performance.now() - startMs;
    if (!goesOn(elapsedMs, done)) return done;
    if (done < (elapsedMs * perSecond) / 1_000 + 1) await act(done++);
    else await sleep(TICK_MS);
  }
}

/** The same in every process of the machine (CLOCK_MONOTONIC). */
export function machineMs(): MachineMs {
  return Number(process.hrtime.bigint()) / 1e6;
}
