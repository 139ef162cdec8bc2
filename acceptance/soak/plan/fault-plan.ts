import type { SoakFault } from '../faults/soak-fault.ts';
import { between, oneOf } from './random.ts';
import type { Random } from './random.ts';

/** Milliseconds. */
const PAUSE_MS = { least: 500, most: 4_000 };
const LEAST_MS = 1_000;

export interface PlannedFault {
  readonly fault: SoakFault;
  /** Without a fault, before this one. Milliseconds. */
  readonly pauseMs: number;
  readonly durationMs: number;
}

/** An endless sequence of faults that depends only on the random numbers. */
export function* planFaults(faults: readonly SoakFault[], random: Random): Generator<PlannedFault, void> {
  for (;;) {
    const fault = oneOf(faults, random);
    if (fault === undefined) return;
    yield {
      fault,
      pauseMs: Math.round(between(PAUSE_MS.least, PAUSE_MS.most, random)),
      durationMs: Math.round(between(Math.min(LEAST_MS, fault.longestMs), fault.longestMs, random)),
    };
  }
}
