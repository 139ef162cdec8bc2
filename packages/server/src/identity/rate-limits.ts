import type { Clock } from '@rolegate/runtime';

/** So many sources are known apart; then all begin anew. */
const MOST_SOURCES = 10_000;

export interface RateLimitsOptions {
  readonly perSecond: number;
  readonly burst: number;
  readonly clock: Pick<Clock, 'monotonic'>;
}

/** Says for each source whether it may act once more now. */
export function createRateLimits({
  perSecond,
  burst,
  clock,
}: RateLimitsOptions): (source: string) => boolean {
  const buckets = new Map<string, { left: number; atMs: number }>();

  return (source) => {
    const nowMs = clock.monotonic();
    const known = buckets.get(source);
    if (known === undefined && buckets.size >= MOST_SOURCES) buckets.clear();
    const { left, atMs } = known ?? { left: burst, atMs: nowMs };
    const filled = Math.min(burst, left + ((nowMs - atMs) / 1000) * perSecond);
    const may = filled >= 1;
    buckets.set(source, { left: may ? filled - 1 : filled, atMs: nowMs });
    return may;
  };
}
