import type { Clock } from '@rolegate/runtime';
import type { RetryClass, StsFault } from './sts/errors.ts';

interface Pauses {
  readonly firstMs: number;
  readonly capMs: number;
  /** The share of the pause that is fixed; the rest is random. 0: full jitter. */
  readonly floor: number;
}

const pauses: Record<RetryClass, Pauses> = {
  // Full jitter spreads retries best (AWS Architecture Blog, "Exponential Backoff And Jitter"); the budget limits the rate.
  soon: { firstMs: 250, capMs: 30_000, floor: 0 },
  later: { firstMs: 1_000, capMs: 30_000, floor: 0.5 },
  // IAM takes minutes to propagate a change.
  seldom: { firstMs: 10_000, capMs: 300_000, floor: 0.5 },
};

export const LONGEST_PAUSE_MS = Math.max(...Object.values(pauses).map(({ capMs }) => capMs));

/** Milliseconds until a session is tried again after its nth failure in a row (the first is 1). */
export function retryPauseMs(retry: RetryClass, failures: number, random: () => number): number {
  const { firstMs, capMs, floor } = pauses[retry];
  const ceilingMs = Math.min(capMs, firstMs * 2 ** (failures - 1));
  return Math.max(1, ceilingMs * (floor + (1 - floor) * random()));
}

/** The failed calls of a session so far. */
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
  /** Failures before; undefined if there were none. */
  readonly past?: PastFailure | undefined;
}

/** Counts failures in a row, and says when to retry. */
export interface Retries {
  readonly failed: (fault: StsFault) => void;
  readonly succeeded: () => void;
  /** Of the last attempt; undefined after a success. */
  readonly fault: () => StsFault | undefined;
  /** On the monotonic clock; 0 after a success. */
  readonly retryAtMs: () => number;
  /** The failure if a retry still has to wait; undefined if it can start now. */
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
