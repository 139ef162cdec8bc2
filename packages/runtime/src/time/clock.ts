/** The source of time: the system's in programs, a fake one (packages/testing) in tests. */
export interface Clock {
  /** Milliseconds since the epoch by the machine's clock, which can jump. */
  now(): number;
  /** Milliseconds since an arbitrary start. Never goes back and is not affected by changes of the wall clock. */
  monotonic(): number;
  /** Calls once after `delayMs`. The returned function cancels it. Does not keep the process alive. */
  schedule(delayMs: number, call: () => void): () => void;
  /** Resolves after `delayMs` or when the signal aborts. Never rejects. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

/** setTimeout supports at most 2^31-1 ms and fires immediately beyond that. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The machine's clock. */
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
