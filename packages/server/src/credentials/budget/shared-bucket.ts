import { createTokenBucket } from '@rolegate/runtime';
import type { TokenBucketOptions } from '@rolegate/runtime';
import { createNamespaceShares } from './namespace-shares.ts';

/** A bucket that no Namespace can empty: who has taken the most lately leaves some of the burst to others. */
export interface SharedBucket {
  readonly mayTake: (namespace: string) => boolean;
  readonly take: (namespace: string) => void;
  /** Whole tokens. */
  readonly left: () => number;
  /** Until there is one more. Milliseconds, at least 1. */
  readonly nextInMs: () => number;
}

export function createSharedBucket(options: TokenBucketOptions): SharedBucket {
  const bucket = createTokenBucket(options);
  /** Who has taken what has not come back yet. */
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
