import type { Row } from '@rolegate/testing';
import { faultsOfServer, faultsOfTimes, p99Of, percent, probesCell, timesCell } from '../cluster/judge.ts';
import { mebibytes, memory, milliseconds } from '../judge.ts';
import type { StrangersSeen } from './watch/watchers.ts';

/** Issue of the contract: attestation and renewal of other agents. Milliseconds. */
const AGENTS_WITHIN_MS = 10_000;

export interface StrangersVerdict {
  /** What must not be; empty if the promise was kept. */
  readonly faults: readonly string[];
  readonly row: Row;
}

export const strangersHead: Row = [
  'attack',
  'attested',
  'renewed',
  'streams opened',
  'changes in force',
  'probes',
  '/livez p99',
  'timers late',
  'CPU it got',
  'server',
  'after',
  'ends',
];

/** Holds what honest agents met during an attack against promise S7 (DESIGN.md 5). */
export function judgeStrangers(title: string, seen: StrangersSeen): StrangersVerdict {
  const { agents, changes, probes, late, server, cpuShare, afterBytes } = seen;
  const { attested, renewed, opened } = agents;
  return {
    faults: faultsOfServer(seen).concat(
      faultsOfTimes('attestations', attested, AGENTS_WITHIN_MS, seen),
      faultsOfTimes('renewals', renewed, AGENTS_WITHIN_MS, seen),
      faultsOfTimes('new streams', opened, AGENTS_WITHIN_MS, seen),
    ),
    row: [
      title,
      timesCell(attested),
      timesCell(renewed),
      timesCell(opened),
      timesCell(changes),
      probesCell(probes),
      milliseconds(p99Of(seen, 'liveness')),
      milliseconds(late.worstMs),
      percent(cpuShare),
      memory(server),
      `${mebibytes(afterBytes)} MiB`,
      String(server.ends.length),
    ],
  };
}
