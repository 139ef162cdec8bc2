import type { Row } from '@rolegate/testing';
import { faultsOfServer, faultsOfTimes, serverCells, serverHead, timesCell } from '../cluster/judge.ts';
import type { Verdict } from '../judge.ts';
import type { StrangersSeen } from './watch/watchers.ts';

/** Attestation and renewal of other agents. Milliseconds. */
const AGENTS_WITHIN_MS = 10_000;

export const strangersHead: Row = [
  'attack',
  'attested',
  'renewed',
  'on the feed',
  'streams opened',
  'changes in force',
].concat(serverHead);

/** Holds what honest agents met during an attack against promise S7 (DESIGN.md 5). */
export function judgeStrangers(title: string, seen: StrangersSeen): Verdict {
  const { attested, renewed, opened } = seen.agents;
  const { certificates } = seen.feeds;
  const failures = Object.entries(seen.agents.failures).map(([what, count]) => `${count} × ${what}`);
  return {
    faults: faultsOfServer(seen).concat(
      faultsOfTimes('attestations', attested, AGENTS_WITHIN_MS, seen),
      faultsOfTimes('renewals', renewed, AGENTS_WITHIN_MS, seen),
      faultsOfTimes('renewals on the feed', certificates, AGENTS_WITHIN_MS, seen),
      faultsOfTimes('new streams', opened, AGENTS_WITHIN_MS, seen),
    ),
    row: [title]
      .concat([attested, renewed, certificates, opened, seen.changes].map(timesCell))
      .concat(serverCells(seen)),
    remarks: failures.length === 0 ? [] : [`agents tried again: ${failures.join(', ')}`],
  };
}
