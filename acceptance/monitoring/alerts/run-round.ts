import { eventually } from '@rolegate/testing';
import { firedAlerts, unexplainedAlerts } from './judge.ts';
import type { FaultTimes, FiredAlert } from './judge.ts';
import type { AlertFault, Round } from './fault.ts';
import type { Chapter } from './rules/runbook.ts';
import type { AlertCluster } from './world/cluster.ts';

/** The slowest alert waits two minutes and then for its fault to show. */
const FIRED = { withinMs: 240_000, everyMs: 250 };
/** The longest window is 90 s. */
const ENDED = { withinMs: 150_000, everyMs: 250 };
/** How long nothing may fire before the first fault. Milliseconds. */
const CALM_MS = 10_000;

export interface RoundResult {
  readonly fired: readonly FiredAlert[];
  readonly problems: readonly string[];
}

/** Resolves if nothing fires in a healthy cluster. */
export async function expectCalm({ alerts }: AlertCluster): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, CALM_MS));
  const fired = alerts.since(0).map(({ alert }) => alert);
  if (fired.length > 0) throw new Error(`in a healthy cluster, ${fired.join(' and ')} fired`);
}

/** Injects the faults of the round at the same time, ends each when its alerts have fired, and waits until nothing fires. */
export async function runRound(
  cluster: AlertCluster,
  round: Round,
  chapters: ReadonlyMap<string, Chapter>,
): Promise<RoundResult> {
  const fromMs = performance.now();
  const outcomes = await Promise.allSettled(round.map((fault) => runFault(cluster, fault)));
  const problems = outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' ? [String(outcome.reason)] : [],
  );
  try {
    await eventually(() => {
      expectNothingFires(cluster);
    }, ENDED);
  } catch (error) {
    problems.push(String(error));
  }
  const seen = cluster.alerts.since(fromMs);
  const fired: FiredAlert[] = [];
  for (const [at, outcome] of outcomes.entries()) {
    const fault = round[at];
    if (outcome.status === 'rejected' || fault === undefined) continue;
    try {
      fired.push(...firedAlerts(round, fault, { ...outcome.value, seen }));
    } catch (error) {
      problems.push(String(error));
    }
  }
  const names = seen.map(({ alert }) => alert);
  return { fired, problems: [...problems, ...unexplainedAlerts(round, names, chapters)] };
}

async function runFault(cluster: AlertCluster, { alerts, inject }: AlertFault): Promise<FaultTimes> {
  const startMs = performance.now();
  const recover = await inject(cluster);
  try {
    await eventually(() => {
      const names = cluster.alerts.since(startMs).map(({ alert }) => alert);
      const missing = alerts.filter((alert) => !names.includes(alert));
      if (missing.length > 0) throw new Error(`${missing.join(' and ')} did not fire`);
    }, FIRED);
  } finally {
    await recover();
  }
  return { startMs, endMs: performance.now() };
}

function expectNothingFires({ alerts }: AlertCluster): void {
  const firing = alerts.firing().map(({ alert }) => alert);
  if (firing.length > 0) throw new Error(`${firing.join(' and ')} did not end`);
}
