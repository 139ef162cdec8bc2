import type { RetryClass } from './sts/errors.ts';

interface Pauses {
  readonly firstMs: number;
  readonly capMs: number;
  /** Of the pause, this share at least is kept; the rest is left to chance. 0: full jitter. */
  readonly floor: number;
}

const pauses: Record<RetryClass, Pauses> = {
  // Full jitter spreads a crowd best (AWS Architecture Blog, "Exponential Backoff And Jitter"); the budget bounds the rate.
  soon: { firstMs: 250, capMs: 30_000, floor: 0 },
  later: { firstMs: 1_000, capMs: 30_000, floor: 0.5 },
  // IAM takes minutes to spread a change.
  seldom: { firstMs: 10_000, capMs: 300_000, floor: 0.5 },
};

/** No session waits longer. Milliseconds. */
export const LONGEST_PAUSE_MS = Math.max(...Object.values(pauses).map(({ capMs }) => capMs));

/** Milliseconds until a session is tried again after its nth failure in a row (the first is 1). */
export function retryPauseMs(retry: RetryClass, failures: number, random: () => number): number {
  const { firstMs, capMs, floor } = pauses[retry];
  const ceilingMs = Math.min(capMs, firstMs * 2 ** (failures - 1));
  return Math.max(1, ceilingMs * (floor + (1 - floor) * random()));
}
