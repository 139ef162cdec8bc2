import { setTimeout as sleep } from 'node:timers/promises';
import type { Row } from '@rolegate/testing';
import type { Judgment } from './judge.ts';
import type { AttackReport } from './watch/observations.ts';

/** Observe the honest clients and the programs during an attack. */
export interface AttackWatchers<Observations> {
  /** Starts programs that do not run, and resolves when every honest client is served. */
  readonly untilServed: () => Promise<void>;
  /** Runs the attack and observes from its start until shortly after its end. */
  readonly during: (
    attack: () => Promise<AttackReport>,
  ) => Promise<{ observed: Observations; report: AttackReport }>;
}

export interface JudgedAttack<Observations> {
  readonly watchers: AttackWatchers<Observations>;
  /** The report table; one row is added. */
  readonly rows: Row[];
  readonly attack: () => Promise<AttackReport>;
  readonly judge: (observed: Observations) => Judgment | Promise<Judgment>;
}

/** Throws if anyone but the attacker is affected. Otherwise returns the observations as text. */
export async function judgeAttack<Observations>({
  watchers,
  rows,
  attack,
  judge,
}: JudgedAttack<Observations>): Promise<string> {
  await watchers.untilServed();
  const { observed, report } = await watchers.during(attack);
  const { problems: noticed, row, notes = [] } = await judge(observed);
  rows.push(row);
  const problems = [...(report.problems ?? []), ...noticed];
  if (problems.length > 0)
    throw new Error([...problems, ...notes, `the attack: ${report.summary}`].join('\n        '));
  return [report.summary, ...row.slice(1), ...notes].join(', ');
}

/** For the first step of a part, which shows that the suite itself does no harm. Milliseconds. */
export function noAttack(
  forMs: number,
): (world: { readonly durationFactor: number }) => Promise<AttackReport> {
  return async ({ durationFactor }) => {
    await sleep(forMs * durationFactor);
    return { summary: 'no attack' };
  };
}
