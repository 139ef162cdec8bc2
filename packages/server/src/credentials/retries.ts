import type { Clock } from '@rolegate/runtime';
import type { RetryClass, StsFault } from './sts/errors.ts';

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

/** What the failed calls of a session mean for the next one. */
export interface PastFailure {
  readonly fault: StsFault;
  /** In a row. */
  readonly failures: number;
  /** On the monotonic clock. */
  readonly retryAtMs: number;
}

export interface RetriesOptions {
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Of calls before; undefined: none failed. */
  readonly past?: PastFailure | undefined;
}

/** The failures in a row of what is tried again until it succeeds. */
export interface Retries {
  readonly failed: (fault: StsFault) => void;
  readonly succeeded: () => void;
  /** Of the last attempt, until one succeeds. */
  readonly fault: () => StsFault | undefined;
  /** On the monotonic clock; 0 after a success. */
  readonly retryAtMs: () => number;
  /** What must be remembered; undefined: it may be tried at once. */
  readonly pending: () => PastFailure | undefined;
}

export function createRetries({ clock, random, past }: RetriesOptions): Retries {
  let last = past;
  return {
    failed(fault) {
      const failures = (last?.failures ?? 0) + 1;
      const retryAtMs = clock.monotonic() + retryPauseMs(fault.retry, failures, random);
      last = { fault, failures, retryAtMs };
    },
    succeeded() {
      last = undefined;
    },
    fault: () => last?.fault,
    retryAtMs: () => last?.retryAtMs ?? 0,
    pending: () => (last !== undefined && last.retryAtMs > clock.monotonic() ? last : undefined),
  };
}
