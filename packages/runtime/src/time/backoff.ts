export interface BackoffOptions {
  /** The first pause. Milliseconds. */
  readonly firstMs: number;
  /** No pause is longer. Milliseconds. */
  readonly capMs: number;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
}

export interface Backoff {
  /** The next pause, milliseconds: doubled each time up to the cap, then a random half of it taken off. */
  next(): number;
  /** After a success: the next pause is the first again. */
  reset(): void;
}

/** Exponential back-off with equal jitter: never zero, so that a broken peer is not hammered. */
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
