/** Time as an argument: real in a program, a fake one (packages/testing) in tests. */
export interface Clock {
  /** Milliseconds since the epoch, as the machine's clock says; it may jump. */
  now(): number;
  /** Milliseconds since some start; never goes back, and not stopped by changes of the wall clock. */
  monotonic(): number;
  /** Calls once after `delayMs`; the returned function takes it back. Does not keep the process alive. */
  schedule(delayMs: number, call: () => void): () => void;
  /** Resolves after `delayMs`, or at once when the signal aborts (it never rejects: look at the signal). */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

/** setTimeout takes at most 2^31-1 ms and fires at once beyond it. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  schedule(delayMs, call) {
    const timer = setTimeout(call, Math.min(delayMs, LONGEST_TIMER_MS)).unref();
    return () => {
      clearTimeout(timer);
    };
  },
  sleep(delayMs, signal) {
    return new Promise((resolve) => {
      if (signal?.aborted === true) {
        resolve();
        return;
      }
      const end = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, Math.min(delayMs, LONGEST_TIMER_MS));
      signal?.addEventListener('abort', end);
    });
  },
};
