import { isIPv6 } from 'node:net';
import { createMemory } from '@rolegate/runtime';
import type { Clock } from '@rolegate/runtime';
import type { MemoryKind, ServerMemory } from '../memory/memory.ts';

/** The most sources that are remembered. Beyond it, the oldest of the network with the most starts with a full bucket again. */
const MOST_SOURCES = 10_000;

export interface RateLimitsOptions {
  readonly perSecond: number;
  readonly burst: number;
  readonly clock: Pick<Clock, 'monotonic' | 'schedule'>;
  /** The label of its sources in the metric of remembered names. */
  readonly kind: MemoryKind;
  readonly memory?: ServerMemory | undefined;
}

/** Whether the source can act now, or use this amount. */
export type RateLimits = (source: string, amount?: number) => boolean;

/** A token bucket for each source. A request for more than is left takes nothing. */
export function createRateLimits({
  perSecond,
  burst,
  clock,
  kind,
  memory = createMemory({ clock }),
}: RateLimitsOptions): RateLimits {
  // A bucket is forgotten when it is full again.
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

/** The /64 of an IPv6 address, which has one owner (RFC 4291, 2.5.4); any other source unchanged. */
export function networkOf(source: string): string {
  const address = source.replace(/^\[(.*)\]$/, '$1');
  if (!isIPv6(address) || address.includes('.')) return source;
  const [head = '', tail] = address.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  return before.concat(zeros, after).slice(0, 4).join(':');
}

/** Without the port. */
export function hostOf(peer: string): string {
  return peer.replace(/:\d+$/, '');
}
