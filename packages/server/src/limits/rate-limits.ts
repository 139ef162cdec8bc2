import { isIPv6 } from 'node:net';
import { createMemory } from '@rolegate/runtime';
import type { Clock } from '@rolegate/runtime';
import type { MemoryKind, ServerMemory } from '../memory/memory.ts';

/** So many sources are known apart; beyond it the oldest of the network with the most begins with a full bucket. */
const MOST_SOURCES = 10_000;

export interface RateLimitsOptions {
  readonly perSecond: number;
  readonly burst: number;
  readonly clock: Pick<Clock, 'monotonic' | 'schedule'>;
  /** What its sources count as. */
  readonly kind: MemoryKind;
  readonly memory?: ServerMemory | undefined;
}

/** Says for each source whether it may act once more now, or take so many of what it takes at once. */
export type RateLimits = (source: string, amount?: number) => boolean;

/** A source that asks for more than is left gets nothing, and what is left stays. */
export function createRateLimits({
  perSecond,
  burst,
  clock,
  kind,
  memory = createMemory({ clock }),
}: RateLimitsOptions): RateLimits {
  // A bucket that is full again need not be remembered.
  const buckets = memory.remember<{ readonly left: number; readonly atMs: number }>(kind, {
    keepMs: (burst / perSecond) * 1000,
    most: MOST_SOURCES,
  });

  return (source, amount = 1) => {
    const nowMs = clock.monotonic();
    const { left, atMs } = buckets.get(source) ?? { left: burst, atMs: nowMs };
    const filled = Math.min(burst, left + ((nowMs - atMs) / 1000) * perSecond);
    const may = filled >= amount;
    buckets.set(source, { left: may ? filled - amount : filled, atMs: nowMs }, networkOf(source));
    return may;
  };
}

/** Who has one IPv6 address has 2^64 of them (RFC 4291, 2.5.4): they are one owner. What is no such address is its own. */
export function networkOf(source: string): string {
  const address = source.replace(/^\[(.*)\]$/, '$1');
  if (!isIPv6(address) || address.includes('.')) return source;
  const [head = '', tail] = address.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  return before.concat(zeros, after).slice(0, 4).join(':');
}

/** Without the port, which is another one each time. */
export function hostOf(peer: string): string {
  return peer.replace(/:\d+$/, '');
}
