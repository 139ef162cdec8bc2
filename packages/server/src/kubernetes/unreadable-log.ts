import { createStorms } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';

/** So many different ones are remembered; then each may be told again. */
const MAX_REMEMBERED = 1000;

/** Lines about one Namespace in this time. Milliseconds. */
const LINES = 5;
const WINDOW_MS = 60_000;

export interface UnreadableLogDeps {
  /** Of what kind of object the stream is. */
  readonly kind: string;
  readonly clock: Pick<Clock, 'monotonic' | 'schedule'>;
  readonly log: Log;
}

/** Logs each thing that could not be read once, since a bad object comes again with every list, and of a storm some. */
export function createUnreadableLog({ kind, clock, log }: UnreadableLogDeps) {
  const told = new Set<string>();
  const isWritten = createStorms<string>({
    clock,
    lines: LINES,
    windowMs: WINDOW_MS,
    ended: (leftOut, namespace, of) => {
      const about = of === 'all' || namespace === '' ? {} : { namespace };
      log.info('unreadable objects left out of the log', { kind, ...about, leftOut });
    },
  });
  return (fault: string, which: string, namespace: string): void => {
    const key = `${fault} ${which}`;
    if (told.has(key)) return;
    if (told.size >= MAX_REMEMBERED) told.clear();
    told.add(key);
    if (isWritten(namespace, '', namespace))
      log.warn('cannot read what the API server sent', { kind, fault, which });
  };
}
