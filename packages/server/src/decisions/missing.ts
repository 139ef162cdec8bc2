import type { Clock } from '@rolegate/runtime';

/**
 * A Namespace or ServiceAccount that is not there this long after it was first missed, the caches being synced, does not
 * exist (DESIGN.md 4.2): the watches of different kinds are not in step. Milliseconds.
 */
const ABSENT_AFTER_MS = 10_000;

/** More objects than Pods of a cluster can lack. Of more, the one that was missed first is forgotten, and missed again. */
const MOST = 50_000;

export interface Missing {
  /** Whether what is not there counts as absent by now; if it does not, `again` is called when it does. */
  readonly absent: (key: string, again: () => void) => boolean;
  /** It is there, or it has just gone (and may come again: that is waited for), or nobody needs it. */
  readonly forget: (key: string) => void;
  readonly has: (key: string) => boolean;
  /** For a gauge. */
  readonly size: () => number;
}

/** Since when objects that Pods need are missed. */
export function createMissing(clock: Clock, most = MOST): Missing {
  const missed = new Map<string, { readonly sinceMs: number; readonly cancel: () => void }>();

  function forget(key: string): void {
    missed.get(key)?.cancel();
    missed.delete(key);
  }

  return {
    absent(key, again) {
      const sinceMs = missed.get(key)?.sinceMs;
      if (sinceMs !== undefined) return clock.monotonic() - sinceMs >= ABSENT_AFTER_MS;
      const [oldest] = missed.keys();
      // Its timer stays: whoever waits for it looks again, and misses it for another ten seconds.
      if (missed.size >= most && oldest !== undefined) missed.delete(oldest);
      missed.set(key, { sinceMs: clock.monotonic(), cancel: clock.schedule(ABSENT_AFTER_MS, again) });
      return false;
    },
    forget,
    has: (key) => missed.has(key),
    size: () => missed.size,
  };
}
