import type { Clock } from '@rolegate/runtime';

/** At most one Event a Pod and reason in this time (DESIGN.md 4.8). Milliseconds. */
const REPEAT_AFTER_MS = 5 * 60_000;

/** Pods and reasons that are remembered. Of more, the Namespace that has the most forgets its oldest, and may repeat it early. */
const MOST = 10_000;

export interface EventMemory {
  /** Whether it was not told lately; from now on it was. */
  readonly isNew: (namespace: string, key: string) => boolean;
  /** For a gauge. */
  readonly size: () => number;
}

/** Remembers what was told, for five minutes. */
export function createEventMemory(clock: Pick<Clock, 'monotonic'>, most = MOST): EventMemory {
  /** When each was told, the oldest first; of Namespaces the one that was told something longest ago. */
  const told = new Map<string, Map<string, number>>();
  let size = 0;

  /** The oldest of the Namespace. */
  function forgetOne(namespace: string, times: Map<string, number>): void {
    const [oldest] = times.keys();
    if (oldest !== undefined && times.delete(oldest)) size -= 1;
    if (times.size === 0) told.delete(namespace);
  }

  function forgetOld(nowMs: number): void {
    for (const [namespace, times] of told) {
      const before = size;
      for (const atMs of times.values()) {
        if (nowMs - atMs < REPEAT_AFTER_MS) break;
        forgetOne(namespace, times);
      }
      if (size === before) return;
    }
  }

  function makeRoom(): void {
    let largest: [string, Map<string, number>] | undefined;
    for (const one of told) if (largest === undefined || one[1].size > largest[1].size) largest = one;
    if (largest !== undefined) forgetOne(...largest);
  }

  return {
    isNew(namespace, key) {
      const nowMs = clock.monotonic();
      forgetOld(nowMs);
      const lastMs = told.get(namespace)?.get(key);
      if (lastMs !== undefined && nowMs - lastMs < REPEAT_AFTER_MS) return false;
      if (lastMs === undefined && size >= most) makeRoom();
      const times = told.get(namespace) ?? new Map<string, number>();
      if (!times.delete(key)) size += 1;
      times.set(key, nowMs);
      told.delete(namespace);
      told.set(namespace, times);
      return true;
    },
    size: () => size,
  };
}
