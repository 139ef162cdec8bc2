import { createChanges } from '@rolegate/runtime';
import type { Log } from '@rolegate/runtime';

/** How many CNI result files could not be read. */
export interface BadResults {
  readonly add: () => void;
  readonly count: () => number;
  /** The returned function removes the listener. */
  readonly onChange: (listener: () => void) => () => void;
}

export function createBadResults({ log }: { readonly log: Log }): BadResults {
  const changes = createChanges({ log, of: 'unreadable CNI results' });
  let count = 0;
  return {
    add() {
      count += 1;
      changes.notify();
    },
    count: () => count,
    onChange: changes.on,
  };
}
