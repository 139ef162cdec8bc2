import { createListeners, listenerFailed } from './listeners.ts';
import type { Listeners } from './listeners.ts';
import type { Log } from '../log/log.ts';

export interface Changes {
  /** Calls the listeners once in the next microtask, however often it is called before. */
  readonly notify: () => void;
  readonly on: Listeners<undefined>['on'];
}

export interface ChangesDeps {
  readonly log: Log;
  /** Names what changes in log lines. */
  readonly of: string;
}

/** Notifies listeners that something has changed. */
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
