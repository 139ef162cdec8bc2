export interface BackoffOptions {
  /** First pause. Milliseconds. */
  readonly firstMs: number;
  /** Longest pause. Milliseconds. */
  readonly capMs: number;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
}

export interface Backoff {
  /** The next pause in milliseconds: doubled each time up to the cap, minus a random part of up to half. */
  next(): number;
  /** Restarts with the first pause, after a success. */
  reset(): void;
}

/** Exponential back-off with equal jitter. It is never zero, so that a failing peer is not flooded. */
export function createBackoff({ firstMs, capMs, random = Math.random }: BackoffOptions): Backoff {
  let ceilingMs = firstMs;
  return {
    next() {
      const pauseMs = ceilingMs * (0.5 + random() / 2);
      ceilingMs = Math.min(capMs, ceilingMs * 2);
      return pauseMs;
    },
    reset() {
      ceilingMs = firstMs;
    },
  };
}
