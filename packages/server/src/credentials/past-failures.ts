import type { Clock } from '@rolegate/runtime';
import type { StsFault } from './sts-errors.ts';

/** What the failed calls of a session mean for the next one. */
export interface PastFailure {
  readonly fault: StsFault;
  /** In a row. */
  readonly failures: number;
  /** On the monotonic clock. */
  readonly retryAtMs: number;
}

/** Failures of sessions that nobody claims: who claims one again waits as long as everybody else would have. */
export interface PastFailures {
  /** Remembers it until the session may be tried again. */
  readonly keep: (id: string, namespace: string, failure: PastFailure) => void;
  /** Takes it out. */
  readonly take: (id: string) => PastFailure | undefined;
  readonly clear: () => void;
  /** For a gauge. */
  readonly size: () => number;
}

/** Some 700 bytes each. Of more, the Namespace that has the most forgets its oldest, which is tried again early. */
const MOST = 4_096;

export function createPastFailures(clock: Pick<Clock, 'monotonic' | 'schedule'>, most = MOST): PastFailures {
  const kept = new Map<string, PastFailure & { readonly namespace: string; readonly cancel: () => void }>();
  const counts = new Map<string, number>();

  function take(id: string): PastFailure | undefined {
    const found = kept.get(id);
    if (found === undefined) return undefined;
    kept.delete(id);
    found.cancel();
    const left = (counts.get(found.namespace) ?? 0) - 1;
    if (left > 0) counts.set(found.namespace, left);
    else counts.delete(found.namespace);
    return found;
  }

  function makeRoom(): void {
    const [largest] = [...counts].reduce((one, other) => (other[1] > one[1] ? other : one));
    for (const [id, { namespace }] of kept) {
      if (namespace !== largest) continue;
      take(id);
      return;
    }
  }

  return {
    keep(id, namespace, failure) {
      take(id);
      if (kept.size >= most) makeRoom();
      const cancel = clock.schedule(failure.retryAtMs - clock.monotonic(), () => take(id));
      kept.set(id, { ...failure, namespace, cancel });
      counts.set(namespace, (counts.get(namespace) ?? 0) + 1);
    },
    take,
    clear() {
      for (const id of [...kept.keys()]) take(id);
    },
    size: () => kept.size,
  };
}
