import { createLogLimiter } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';

/** Of one node; an agent opens a stream every half hour. */
const LINES = { lines: 20, windowMs: 60_000 };
/** Of a large cluster, all nodes connect at once after a roll-out. */
const MOST_NODES = 10_000;

export interface ConnectionLogDeps {
  readonly clock: Pick<Clock, 'monotonic' | 'schedule'>;
  readonly log: Log;
}

/** Logs which agents come and go; of a node that does so all the time only some lines. */
export function createConnectionLog({ clock, log }: ConnectionLogDeps) {
  const isWritten = createLogLimiter<string>({
    clock,
    ...LINES,
    mostGroups: MOST_NODES,
    ended: (leftOut, node) => {
      log.info('agent connections left out of the log', { node, leftOut });
    },
  });
  return (message: 'agent connected' | 'agent disconnected', fields: { readonly node: string }): void => {
    if (isWritten(fields.node, '', fields.node)) log.info(message, fields);
  };
}
