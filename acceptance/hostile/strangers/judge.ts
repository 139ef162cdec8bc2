import type { Row } from '@rolegate/testing';
import { serverProblems, timeProblems, serverCells, serverHead, timesCell } from '../cluster/judge.ts';
import type { Judgment } from '../judge.ts';
import type { StrangersObservations } from './watch/watchers.ts';

/** Limit for attestation and renewal of honest agents. Milliseconds. */
const AGENTS_WITHIN_MS = 10_000;

export const strangersHead: Row = [
  'attack',
  'attestations',
  'renewals',
  'renewals on the feed',
  'new streams',
  'changes',
].concat(serverHead);

/** Compares what honest agents observed during an attack with promise S7 (DESIGN.md 5). */
export function judgeStrangers(title: string, observed: StrangersObservations): Judgment {
  const { attested, renewed, opened } = observed.agents;
  const { certificates } = observed.feeds;
  const failures = Object.entries(observed.agents.failures).map(([what, count]) => `${count} × ${what}`);
  return {
    problems: serverProblems(observed).concat(
      timeProblems('attestations', attested, AGENTS_WITHIN_MS, observed),
      timeProblems('renewals', renewed, AGENTS_WITHIN_MS, observed),
      timeProblems('renewals on the feed', certificates, AGENTS_WITHIN_MS, observed),
      timeProblems('new streams', opened, AGENTS_WITHIN_MS, observed),
    ),
    row: [title]
      .concat([attested, renewed, certificates, opened, observed.changes].map(timesCell))
      .concat(serverCells(observed)),
    notes: failures.length === 0 ? [] : [`agents retried: ${failures.join(', ')}`],
  };
}
