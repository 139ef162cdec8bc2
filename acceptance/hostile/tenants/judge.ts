import type { Row } from '@rolegate/testing';
import { serverProblems, minutes, serverCells, serverHead, timesCell } from '../cluster/judge.ts';
import type { ServerObservations } from '../cluster/watch/observations.ts';
import type { Judgment } from '../judge.ts';

export const tenantsHead: Row = ['attack', 'changes', 'new Pods', 'shortest life left'].concat(
  serverHead,
  'restart with the same objects',
);

/**
 * Compares the observations during an attack with promises S7 and R2 (DESIGN.md 5). The row lacks its last cell, the result of
 * restarting the server with the same objects.
 */
export function judgeTenants(
  title: string,
  observed: ServerObservations,
  changesWithinMs?: number,
): Judgment {
  const { changes, newPods, feeds } = observed;
  return {
    problems: serverProblems(observed, changesWithinMs),
    row: [title, timesCell(changes), timesCell(newPods), `${minutes(feeds.leastShare)} of 60 min`].concat(
      serverCells(observed),
    ),
  };
}
