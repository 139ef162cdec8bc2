import { createTokenBucket } from '@rolegate/runtime';
import type { TokenBucketOptions } from '@rolegate/runtime';

/**
 * A Namespace can have this many times what it leaves free: one Namespace gets up to four fifths, two get four ninths each,
 * and the last place is always for a Namespace that has none (dynamic thresholds: Choudhury and Hahne, IEEE/ACM ToN 6(2), 1998).
 */
const TIMES_FREE = 4;

/** Counts the places that each Namespace has taken of a fixed number. */
export interface NamespaceShares {
  /** Whether the Namespace can take a place when this many are free. */
  readonly mayTake: (namespace: string, free: number) => boolean;
  readonly take: (namespace: string) => void;
  readonly giveBack: (namespace: string) => void;
  /** Gives back one place, of each Namespace that has one in turn. */
  readonly giveBackNext: () => void;
  readonly taken: number;
}

export function createNamespaceShares(): NamespaceShares {
  /** Never 0. The Namespace that gives back next comes first. */
  const places = new Map<string, number>();
  let taken = 0;

  function giveBack(namespace: string): void {
    const had = places.get(namespace);
    if (had === undefined) return;
    places.delete(namespace);
    if (had > 1) places.set(namespace, had - 1);
    taken -= 1;
  }

  return {
    mayTake(namespace, free) {
      const had = places.get(namespace);
      return had === undefined ? free >= 1 : had < TIMES_FREE * (free - 1);
    },
    take(namespace) {
      places.set(namespace, (places.get(namespace) ?? 0) + 1);
      taken += 1;
    },
    giveBack,
    giveBackNext() {
      const [next] = places.keys();
      if (next !== undefined) giveBack(next);
    },
    get taken() {
      return taken;
    },
  };
}

/** A token bucket that no Namespace can empty: the one that took the most recently leaves some of the burst to others. */
export interface SharedBucket {
  readonly mayTake: (namespace: string) => boolean;
  readonly take: (namespace: string) => void;
  /** Whole tokens. */
  readonly left: () => number;
  /** Time until the next token. Milliseconds, at least 1. */
  readonly nextInMs: () => number;
}

export function createSharedBucket(options: TokenBucketOptions): SharedBucket {
  const bucket = createTokenBucket(options);
  /** Tokens that were taken and are not refilled yet, by Namespace. */
  const shares = createNamespaceShares();

  function left(): number {
    const owed = bucket.owed();
    while (shares.taken > owed) shares.giveBackNext();
    return bucket.left();
  }

  return {
    mayTake: (namespace) => shares.mayTake(namespace, left()),
    take(namespace) {
      bucket.take();
      shares.take(namespace);
    },
    left,
    nextInMs: bucket.nextInMs,
  };
}
