import { describeError } from './log/log.ts';
import type { Log } from './log/log.ts';

export interface Changes {
  /** Something changed: listeners are called once in the next microtask, however often this is said before. */
  readonly notify: () => void;
  /** The returned function ends the listening. */
  readonly on: (listener: () => void) => () => void;
}

/** Tells listeners that there is something new to look at. A listener that throws does not keep it from the others. */
export function createChanges({ log }: { readonly log: Log }): Changes {
  const listeners = new Set<() => void>();
  let due = false;

  function tell(): void {
    due = false;
    for (const listener of [...listeners]) {
      try {
        listener();
      } catch (error) {
        log.error('a listener failed', { error: describeError(error) });
      }
    }
  }

  return {
    notify() {
      if (due) return;
      due = true;
      queueMicrotask(tell);
    },
    on(listener) {
      // A wrapper, so that one function given twice counts twice.
      const own = () => {
        listener();
      };
      listeners.add(own);
      return () => {
        listeners.delete(own);
      };
    },
  };
}
