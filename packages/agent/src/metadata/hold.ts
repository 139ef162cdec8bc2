import type { Clock } from '@rolegate/runtime';

/** Takes a listener, gives back what ends its listening. */
type Subscribe = (listener: () => void) => () => void;

export interface HoldsDeps {
  readonly clock: Pick<Clock, 'schedule'>;
  /** What a held request may be waiting for says here that it changed. */
  readonly changes: readonly Subscribe[];
}

export interface Hold {
  /** Milliseconds. */
  readonly budgetMs: number;
  /** Looks again after a change; true: answered, the hold is over. */
  readonly retry: () => boolean;
  /** The budget is spent. */
  readonly giveUp: () => void;
}

export interface Holds {
  /** Begins one; the returned function ends it without an answer. */
  hold(hold: Hold): () => void;
  /** Nothing listens any more; open holds run out. */
  close(): void;
}

/** Requests that wait: each is looked at again when something changed, once however much did, and once more at its end. */
export function createHolds({ clock, changes }: HoldsDeps): Holds {
  const waiting = new Map<Hold, () => void>();
  let due = false;

  function end(hold: Hold): void {
    waiting.get(hold)?.();
    waiting.delete(hold);
  }

  function retryAll(): void {
    due = false;
    for (const hold of [...waiting.keys()]) {
      if (waiting.has(hold) && hold.retry()) end(hold);
    }
  }

  function changed(): void {
    if (due || waiting.size === 0) return;
    due = true;
    // After the other listeners of this change, so that table and callers are of one mind.
    setImmediate(retryAll);
  }

  const stops = changes.map((subscribe) => subscribe(changed));
  return {
    hold(hold) {
      const cancel = clock.schedule(hold.budgetMs, () => {
        waiting.delete(hold);
        hold.giveUp();
      });
      waiting.set(hold, cancel);
      return () => {
        end(hold);
      };
    },
    close() {
      for (const stop of stops) stop();
    },
  };
}
