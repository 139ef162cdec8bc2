import { createListeners, listenerFailed } from './listeners.ts';
import type { Listeners } from './listeners.ts';
import type { Log } from '../log/log.ts';

export interface Changes {
  /** Something changed: listeners are called once in the next microtask, however often this is said before. */
  readonly notify: () => void;
  readonly on: Listeners<undefined>['on'];
}

export interface ChangesDeps {
  readonly log: Log;
  /** What changes, for the log. */
  readonly of: string;
}

/** Tells listeners that there is something new to look at. */
export function createChanges({ log, of }: ChangesDeps): Changes {
  const listeners = createListeners<undefined>({ failed: listenerFailed(log, of) });
  let due = false;

  function tell(): void {
    due = false;
    listeners.tell(undefined);
  }

  return {
    notify() {
      if (due) return;
      due = true;
      queueMicrotask(tell);
    },
    on: listeners.on,
  };
}
