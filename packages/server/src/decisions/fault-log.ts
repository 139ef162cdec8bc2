import { createLogLimiter, describeError } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';
import type { Pod } from '../kubernetes/objects.ts';

/** Lines about one Namespace in this time. Milliseconds. */
const LINES = 5;
const WINDOW_MS = 60_000;

/** Logs decisions that failed, which is a fault of this program; of a storm in one Namespace some. */
export function createFaultLog({ clock, log }: { readonly clock: Clock; readonly log: Log }) {
  const isWritten = createLogLimiter<string>({
    clock,
    lines: LINES,
    windowMs: WINDOW_MS,
    ended: (leftOut, namespace, of) => {
      log.error('failed decisions left out of the log', { ...(of !== 'all' && { namespace }), leftOut });
    },
  });
  return ({ namespace, name, uid }: Pod, error: unknown): void => {
    if (isWritten(namespace, '', namespace))
      log.error('decision failed', { namespace, pod: name, uid, error: describeError(error) });
  };
}
