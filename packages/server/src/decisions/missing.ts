import { createMemory } from '@rolegate/runtime';
import type { Clock } from '@rolegate/runtime';
import type { ServerMemory } from '../memory/memory.ts';

/**
 * A Namespace or ServiceAccount that is not there this long after it was first missed, the caches being synced, does not
 * exist (DESIGN.md 4.2): the watches of different kinds are not in step. Milliseconds.
 */
const ABSENT_AFTER_MS = 10_000;

/**
 * More objects than Pods of a cluster can lack. Of more, the one that was missed first by the Namespace with the most is
 * forgotten, and missed again.
 */
const MOST = 50_000;

export interface Missing {
  /** Whether what is not there counts as absent by now; if it does not, `again` is called when it does. */
  readonly absent: (key: string, namespace: string, again: () => void) => boolean;
  /** It is there, or it has just gone (and may come again: that is waited for), or nobody needs it. */
  readonly forget: (key: string) => void;
  readonly has: (key: string) => boolean;
}

export interface MissingDeps {
  readonly clock: Clock;
  readonly memory?: ServerMemory | undefined;
  readonly most?: number;
}

/** Since when objects that Pods need are missed: for as long as there is a Pod that needs them. */
export function createMissing({
  clock,
  memory = createMemory({ clock }),
  most = MOST,
}: MissingDeps): Missing {
  const missed = memory.remember<{ readonly sinceMs: number; readonly cancel: () => void }>(
    'missing_objects',
    { keepMs: Infinity, most },
  );

  function forget(key: string): void {
    missed.peek(key)?.cancel();
    missed.delete(key);
  }

  return {
    absent(key, namespace, again) {
      const sinceMs = missed.peek(key)?.sinceMs;
      if (sinceMs !== undefined) return clock.monotonic() - sinceMs >= ABSENT_AFTER_MS;
      // The timer of one that has to be forgotten stays: whoever waits for it looks again, and misses it for another ten seconds.
      const cancel = clock.schedule(ABSENT_AFTER_MS, again);
      missed.set(key, { sinceMs: clock.monotonic(), cancel }, namespace);
      return false;
    },
    forget,
    has: (key) => missed.peek(key) !== undefined,
  };
}
