import { setTimeout as sleep } from 'node:timers/promises';
import type { Row } from '@rolegate/testing';
import type { Verdict } from './judge.ts';
import type { AttackReport } from './watch/seen.ts';

/** Those who see what the honest meet. */
export interface AttackWatchers<Seen> {
  /** Starts what does not run, and resolves when everybody honest is served. */
  readonly untilServed: () => Promise<void>;
  /** Runs the attack, and sees what the honest meet from its beginning until a while after its end. */
  readonly during: (attack: () => Promise<AttackReport>) => Promise<{ seen: Seen; report: AttackReport }>;
}

export interface JudgedAttack<Seen> {
  readonly watchers: AttackWatchers<Seen>;
  /** The table, to which it adds a row. */
  readonly rows: Row[];
  readonly attack: () => Promise<AttackReport>;
  readonly judge: (seen: Seen) => Verdict | Promise<Verdict>;
}

/** Throws if anybody but the attacker notices; else resolves to what was seen, in words. */
export async function judgeAttack<Seen>({
  watchers,
  rows,
  attack,
  judge,
}: JudgedAttack<Seen>): Promise<string> {
  await watchers.untilServed();
  const { seen, report } = await watchers.during(attack);
  const { faults: noticed, row, remarks = [] } = await judge(seen);
  rows.push(row);
  const faults = [...(report.faults ?? []), ...noticed];
  if (faults.length > 0)
    throw new Error([...faults, ...remarks, `the attack: ${report.said}`].join('\n        '));
  return [report.said, ...row.slice(1), ...remarks].join(', ');
}

/** The attack of a part's first step, which shows that the suite itself harms nobody. Milliseconds. */
export function noAttack(forMs: number): (world: { readonly stretch: number }) => Promise<AttackReport> {
  return async ({ stretch }) => {
    await sleep(forMs * stretch);
    return { said: 'nobody attacks' };
  };
}
