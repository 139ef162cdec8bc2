import type { Clock } from '@rolegate/runtime';
import { createNamespaceShares } from './namespace-shares.ts';

export interface TokenBucketOptions {
  /** Tokens per second in the long run. */
  readonly ratePerSecond: number;
  /** Tokens that may be taken at once after a rest. */
  readonly burst: number;
  readonly clock: Pick<Clock, 'monotonic'>;
}

/** A bucket that no Namespace can empty: who has taken the most lately leaves some of the burst to others. */
export interface TokenBucket {
  readonly mayTake: (namespace: string) => boolean;
  readonly take: (namespace: string) => void;
  /** Whole tokens. */
  readonly left: () => number;
  /** Until there is one more. Milliseconds, at least 1. */
  readonly nextInMs: () => number;
}

/** Floating point may leave a hair less than one at the very moment that `nextInMs` named. */
const HAIR = 1e-6;

export function createTokenBucket({ ratePerSecond, burst, clock }: TokenBucketOptions): TokenBucket {
  const perMs = ratePerSecond / 1000;
  /** Who has taken what has not come back yet. */
  const shares = createNamespaceShares();
  let tokens = burst;
  let filledAtMs = clock.monotonic();

  function left(): number {
    const now = clock.monotonic();
    tokens = Math.min(burst, tokens + (now - filledAtMs) * perMs);
    filledAtMs = now;
    while (shares.taken > burst - tokens + HAIR) shares.giveBackNext();
    return Math.floor(tokens + HAIR);
  }

  return {
    mayTake: (namespace) => shares.mayTake(namespace, left()),
    take(namespace) {
      tokens -= 1;
      shares.take(namespace);
    },
    left,
    nextInMs: () => Math.max(1, Math.ceil((left() + 1 - tokens - HAIR) / perMs)),
  };
}
