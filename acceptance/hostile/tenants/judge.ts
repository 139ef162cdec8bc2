import type { Row } from '@rolegate/testing';
import { faultsOfServer, minutes, serverCells, serverHead, timesCell } from '../cluster/judge.ts';
import type { ServerSeen } from '../cluster/watch/seen.ts';
import type { Verdict } from '../judge.ts';

export const tenantsHead: Row = ['attack', 'changes in force', 'new Pods served', 'least life'].concat(
  serverHead,
  'started again on the same objects',
);

/**
 * Holds what the honest met during an attack against promises S7 and R2 (DESIGN.md 5). The row is without its last cell: what the
 * server's restart on the same objects has shown.
 */
export function judgeTenants(title: string, seen: ServerSeen, changesWithinMs?: number): Verdict {
  const { changes, newcomers, feeds } = seen;
  return {
    faults: faultsOfServer(seen, changesWithinMs),
    row: [title, timesCell(changes), timesCell(newcomers), `${minutes(feeds.leastShare)} of 60 min`].concat(
      serverCells(seen),
    ),
  };
}
