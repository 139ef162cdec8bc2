import { describeError } from '../log/describe-error.ts';
import { BUG_HINT } from '../log/log.ts';
import type { Log } from '../log/log.ts';

export interface Listeners<Event> {
  /** Calls the listeners synchronously, in the order in which they were added. */
  readonly tell: (event: Event) => void;
  /** A function that is added twice is called twice. The returned function removes it. */
  readonly on: (listener: (event: Event) => void) => () => void;
}

export interface ListenersDeps<Event> {
  /** Called if a listener throws. The other listeners are still called. */
  readonly failed: (error: unknown, event: Event) => void;
}

const HINT = `Other handlers ran. If decisions or credentials stop updating, restart the program. ${BUG_HINT}`;

/** A set of listeners to one event. */
export function createListeners<Event>({ failed }: ListenersDeps<Event>): Listeners<Event> {
  const listeners = new Set<{ readonly call: (event: Event) => void }>();
  return {
    tell(event) {
      for (const { call } of [...listeners]) {
        try {
          call(event);
        } catch (error) {
          failed(error, event);
        }
      }
    },
    on(listener) {
      const own = { call: listener };
      listeners.add(own);
      return () => {
        listeners.delete(own);
      };
    },
  };
}

/** Logs that a listener to `to` threw. */
export function listenerFailed(log: Pick<Log, 'error'>, to: string): (error: unknown) => void {
  return (error) => {
    log.error('internal event handler failed', { to, error: describeError(error), hint: HINT });
  };
}
