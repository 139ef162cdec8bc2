import type { Clock } from '@rolegate/runtime';

/** Adds a listener; the returned function removes it. */
type Subscribe = (listener: () => void) => () => void;

export interface HoldsDeps {
  readonly clock: Pick<Clock, 'schedule'>;
  /** Sources of changes that a held request may be waiting for. */
  readonly changes: readonly Subscribe[];
}

export interface Hold {
  /** Milliseconds. */
  readonly budgetMs: number;
  /** Evaluates again after a change; true: answered, so the hold ends. */
  readonly retry: () => boolean;
  /** The time is up. */
  readonly giveUp: () => void;
}

export interface Holds {
  /** Starts a hold; the returned function ends it without an answer. */
  hold(hold: Hold): () => void;
  /** Stops listening; open holds end by timeout. */
  close(): void;
}

/** Held requests: each is evaluated again after changes, once per batch of changes, and once more at its end. */
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
    // After the other listeners of this change, so that table and callers agree.
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
