import { createLogLimiter, createMemory } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';
import type { ServerMemory } from '../../memory/memory.ts';

/** An object is logged at most once in this time. Milliseconds. */
const AGAIN_MS = 86_400_000;
/** The most objects that are remembered. */
const MAX_REMEMBERED = 1000;

/** The most lines about one Namespace in this time. Milliseconds. */
const LINES = 5;
const WINDOW_MS = 60_000;

export interface UnreadableLogDeps {
  /** The kind of the objects. */
  readonly kind: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly memory?: ServerMemory | undefined;
}

/** Logs each unreadable object once a day, because every list has it again, with a limit for each Namespace. */
export function createUnreadableLog({
  kind,
  clock,
  log,
  memory = createMemory({ clock }),
}: UnreadableLogDeps): (fault: string, which: string, namespace: string) => void {
  const logged = memory.remember<true>('unreadable_objects', { keepMs: AGAIN_MS, most: MAX_REMEMBERED });
  const isWritten = createLogLimiter<string>({
    clock,
    lines: LINES,
    windowMs: WINDOW_MS,
    ended: (leftOut, namespace, of) => {
      const about = of === 'all' || namespace === '' ? {} : { namespace };
      log.info('unreadable object lines suppressed', { kind, ...about, leftOut });
    },
  });
  return (fault, which, namespace) => {
    const key = `${fault} ${which}`;
    if (logged.get(key) === true) return;
    logged.set(key, true, namespace);
    if (isWritten(namespace, '', namespace))
      log.warn('unreadable object from API server', {
        kind,
        fault,
        which,
        hint: 'Correct or delete the object. If it is valid, this is a bug. Please report it with this line.',
      });
  };
}
