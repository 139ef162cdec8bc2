import type { Row } from '@rolegate/testing';
import { faultsOfServer, minutes, p99Of, percent, probesCell, timesCell } from '../cluster/judge.ts';
import type { ServerSeen } from '../cluster/watch/seen.ts';
import { mebibytes, memory, milliseconds } from '../judge.ts';

export interface TenantsVerdict {
  /** What must not be; empty if the promise was kept. */
  readonly faults: readonly string[];
  /** Without the last cell: what the server's restart on the same objects has shown. */
  readonly row: Row;
}

export const tenantsHead: Row = [
  'attack',
  'changes in force',
  'new Pods served',
  'least life',
  'probes',
  '/livez p99',
  'timers late',
  'CPU it got',
  'server',
  'after',
  'ends',
  'started again on the same objects',
];

/** Holds what the honest met during an attack against promises S7 and R2 (DESIGN.md 5). */
export function judgeTenants(title: string, seen: ServerSeen, changesWithinMs?: number): TenantsVerdict {
  const { changes, newcomers, feeds, probes, late, server, afterBytes } = seen;
  return {
    faults: faultsOfServer(seen, changesWithinMs),
    row: [
      title,
      timesCell(changes),
      timesCell(newcomers),
      `${minutes(feeds.leastShare)} of 60 min`,
      probesCell(probes),
      milliseconds(p99Of(seen, 'liveness')),
      milliseconds(late.worstMs),
      percent(seen.cpuShare),
      memory(server),
      `${mebibytes(afterBytes)} MiB`,
      String(server.ends.length),
    ],
  };
}
