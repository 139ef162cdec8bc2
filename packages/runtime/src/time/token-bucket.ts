import type { Clock } from './clock.ts';

export interface TokenBucketOptions {
  /** Tokens per second on average. */
  readonly ratePerSecond: number;
  /** Tokens available after a pause. */
  readonly burst: number;
  readonly clock: Pick<Clock, 'monotonic'>;
}

export interface TokenBucket {
  /** Whole tokens. */
  readonly left: () => number;
  /** Tokens that were taken and have not been refilled. */
  readonly owed: () => number;
  /** Takes a token. There must be one. */
  readonly take: () => void;
  /** Time until one more token is available. Milliseconds, at least 1. */
  readonly nextInMs: () => number;
}

/** Rounding can leave slightly less than one token at the time that `nextInMs` gave. */
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
