import type { Clock } from '@rolegate/runtime';

/**
 * When sent Pods are checked again, counted from the sending. The last is longer than a replica lags behind another, and than
 * an agent has streams to two of them. Milliseconds.
 */
const CHECKS_MS = [1_000, 5_000, 20_000, 60_000];

/** Pods that are sent within this time are checked together: a Namespace may have a hundred on the node. Milliseconds. */
const TOGETHER_MS = 100;

interface Batch {
  readonly uids: Set<string>;
  readonly untilMs: number;
}

export interface Settling {
  /** The Pod was sent to agents. */
  readonly sent: (uid: string) => void;
  /** Whether a check is the cause of the Pod's turn; the check is then done. */
  readonly looked: (uid: string) => boolean;
  readonly forget: (uid: string) => void;
  readonly end: () => void;
}

/**
 * Checks Pods a few times after they were sent. An agent drops a decision if it has seen a newer version of one of its three
 * objects, from a replica that was ahead with that object. Such a decision is sent again once this replica has seen that
 * version too (docs/adr/0012).
 */
export function createSettling(clock: Clock, look: (uid: string) => void): Settling {
  /** By Pod, the batch in which it was last sent. */
  const batches = new Map<string, Batch>();
  const timers = new Map<Batch, () => void>();
  const looking = new Set<string>();
  let newest: Batch | undefined;

  function plan(batch: Batch, step: number, sentMs: number): void {
    timers.delete(batch);
    const atMs = CHECKS_MS[step];
    if (atMs === undefined) for (const uid of batch.uids) leave(uid, batch);
    if (atMs === undefined || batch.uids.size === 0) return;
    const timer = clock.schedule(sentMs + atMs - clock.monotonic(), () => {
      const uids = [...batch.uids];
      plan(batch, step + 1, sentMs);
      for (const uid of uids) {
        looking.add(uid);
        look(uid);
      }
    });
    timers.set(batch, timer);
  }

  function leave(uid: string, batch: Batch): void {
    batch.uids.delete(uid);
    if (batches.get(uid) === batch) batches.delete(uid);
  }

  function openBatch(): Batch {
    const nowMs = clock.monotonic();
    if (newest !== undefined && nowMs < newest.untilMs) return newest;
    newest = { uids: new Set(), untilMs: nowMs + TOGETHER_MS };
    return newest;
  }

  return {
    sent(uid) {
      const batch = openBatch();
      const former = batches.get(uid);
      if (former === batch) return;
      former?.uids.delete(uid);
      batches.set(uid, batch);
      batch.uids.add(uid);
      if (!timers.has(batch)) plan(batch, 0, clock.monotonic());
    },
    looked: (uid) => looking.delete(uid),
    forget(uid) {
      looking.delete(uid);
      const batch = batches.get(uid);
      if (batch !== undefined) leave(uid, batch);
    },
    end() {
      looking.clear();
      for (const cancel of timers.values()) cancel();
      timers.clear();
      batches.clear();
    },
  };
}
