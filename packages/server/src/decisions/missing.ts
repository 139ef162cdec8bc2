import { createMemory } from '@rolegate/runtime';
import type { Clock } from '@rolegate/runtime';
import type { ServerMemory } from '../memory/memory.ts';

/**
 * A Namespace or ServiceAccount that is missing this long in synced caches does not exist (DESIGN.md 4.2). The watches of
 * different kinds are not in step. Milliseconds.
 */
const ABSENT_AFTER_MS = 10_000;

/** More than the Pods of a cluster can miss. Beyond it, the oldest of the Namespace with the most is forgotten and starts again. */
const MOST = 50_000;

export interface Missing {
  /** Whether the missing object is absent by now; if not, `again` is called when it is. */
  readonly absent: (key: string, namespace: string, again: () => void) => boolean;
  /** The object exists, was just deleted (and may be created again), or is no longer needed. */
  readonly forget: (key: string) => void;
  readonly has: (key: string) => boolean;
}

export interface MissingDeps {
  readonly clock: Clock;
  readonly memory?: ServerMemory | undefined;
  readonly most?: number;
}

/** Remembers since when objects that Pods need have been missing, while there is a Pod that needs them. */
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
      // The timer is kept even if the entry is evicted: the Pods are then evaluated again, and wait another 10 s.
      const cancel = clock.schedule(ABSENT_AFTER_MS, again);
      missed.set(key, { sinceMs: clock.monotonic(), cancel }, namespace);
      return false;
    },
    forget,
    has: (key) => missed.peek(key) !== undefined,
  };
}
