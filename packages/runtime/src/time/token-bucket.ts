import type { Clock } from './clock.ts';

export interface TokenBucketOptions {
  /** Tokens per second in the long run. */
  readonly ratePerSecond: number;
  /** Tokens that may be taken at once after a rest. */
  readonly burst: number;
  readonly clock: Pick<Clock, 'monotonic'>;
}

export interface TokenBucket {
  /** Whole tokens. */
  readonly left: () => number;
  /** Tokens that have been taken and have not come back yet. */
  readonly owed: () => number;
  /** Takes one, which must be there. */
  readonly take: () => void;
  /** Until there is one more. Milliseconds, at least 1. */
  readonly nextInMs: () => number;
}

/** Floating point may leave a hair less than one at the very moment that `nextInMs` named. */
const HAIR = 1e-6;

export function createTokenBucket({ ratePerSecond, burst, clock }: TokenBucketOptions): TokenBucket {
  const perMs = ratePerSecond / 1000;
  let tokens = burst;
  let filledAtMs = clock.monotonic();

  function fill(): void {
    const now = clock.monotonic();
    tokens = Math.min(burst, tokens + (now - filledAtMs) * perMs);
    filledAtMs = now;
  }

  function left(): number {
    fill();
    return Math.floor(tokens + HAIR);
  }

  return {
    left,
    owed() {
      fill();
      return burst - tokens + HAIR;
    },
    take() {
      tokens -= 1;
    },
    nextInMs: () => Math.max(1, Math.ceil((left() + 1 - tokens - HAIR) / perMs)),
  };
}
