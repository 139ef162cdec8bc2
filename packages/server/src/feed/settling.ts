import type { Clock } from '@rolegate/runtime';

/**
 * When what was told is looked at again, counted from when it was told. The last is longer than a replica may lag behind
 * another and than an agent has streams to two of them. Milliseconds.
 */
const LOOKS_MS = [1_000, 5_000, 20_000, 60_000];

export interface Settling {
  /** Something was told about the Pod. */
  readonly told: (uid: string) => void;
  readonly forget: (uid: string) => void;
  readonly end: () => void;
}

/**
 * Looks a few times at the Pods that an agent was told of, and then leaves them alone. An agent refuses a decision if it has
 * seen a newer version of one of its three objects, from a replica that was ahead with that object. Such a decision is
 * repeated as soon as this replica has seen that version too (docs/adr/0012).
 */
export function createSettling(clock: Clock, look: (uid: string) => void): Settling {
  const planned = new Map<string, () => void>();

  function plan(uid: string, step: number, toldMs: number): void {
    const atMs = LOOKS_MS[step];
    if (atMs === undefined) {
      planned.delete(uid);
      return;
    }
    const cancel = clock.schedule(toldMs + atMs - clock.monotonic(), () => {
      plan(uid, step + 1, toldMs);
      look(uid);
    });
    planned.set(uid, cancel);
  }

  function forget(uid: string): void {
    planned.get(uid)?.();
    planned.delete(uid);
  }

  return {
    told(uid) {
      forget(uid);
      plan(uid, 0, clock.monotonic());
    },
    forget,
    end() {
      for (const uid of [...planned.keys()]) forget(uid);
    },
  };
}
