import { setTimeout } from 'node:timers/promises';
import { describeError } from '@rolegate/runtime';
import { eventually } from '@rolegate/testing';
import { closePorts } from '../chaos/port-faults.ts';
import { keepAsking } from '../chaos/running-pods.ts';
import { findForeignKeys, untilHealthy } from '../chaos/running-worlds.ts';
import { kindsOf } from '../chaos/tally.ts';
import type { Failure, SeenKey, Tally } from '../chaos/tally.ts';
import type { SoakFault, SoakWorld } from './faults/soak-fault.ts';
import type { TroubleLog } from './faults/trouble.ts';
import type { PlannedFault } from './plan/fault-plan.ts';
import { LEAST_LIFE_MS } from './sessions.ts';

/** Too little for another fault. Milliseconds. */
const LEAST_LEFT_MS = 5_000;
/** Covers the agent's back-off on a busy machine. */
const MOVED = { withinMs: 30_000, everyMs: 100 };

export interface FaultsRecord {
  readonly count: Map<string, number>;
  requests: number;
  readonly allowedFailures: Failure[];
  /** By promise. */
  readonly problems: Record<'ownRole' | 'running' | 'life' | 'recovery', string[]>;
  /** Longest time from the end of a fault until everything was healthy. Milliseconds. */
  longestRecoveryMs: number;
}

export interface RunFaultsOptions {
  readonly soak: SoakWorld;
  readonly plan: Iterator<PlannedFault, void>;
  /** By performance.now(). */
  readonly untilMs: number;
  readonly trouble: TroubleLog;
  readonly record: FaultsRecord;
  /** Documents that others have got since the last call, with their Pods. */
  readonly moreKeys: () => readonly SeenKey[];
  readonly print: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Injects faults one after the other while the running Pods ask. Rejects if the system does not recover. */
export async function runFaults(options: RunFaultsOptions): Promise<void> {
  const { plan, untilMs, signal } = options;
  while (untilMs - performance.now() > LEAST_LEFT_MS) {
    const planned = plan.next().value;
    if (planned === undefined) break;
    signal.throwIfAborted();
    // A shorter one may still fit.
    if (performance.now() + planned.pauseMs + planned.durationMs < untilMs) await runFault(planned, options);
  }
  await askUntil(options, untilMs);
}

/** Lets the running Pods ask without a fault. */
export async function askUntil(
  { soak, record, moreKeys, signal }: Pick<RunFaultsOptions, 'soak' | 'record' | 'moreKeys' | 'signal'>,
  untilMs: number,
): Promise<void> {
  const asking = keepAsking(soak.running);
  try {
    await setTimeout(Math.max(0, untilMs - performance.now()), undefined, { signal });
  } finally {
    const { keys, ...tally } = await asking.stop();
    judgeTally(tally, record, 'without a fault', () => false);
    record.problems.ownRole.push(...(await findForeignKeys(soak.world, [...keys, ...moreKeys()])));
  }
}

/** Lets both servers serve the agent, so that since their last restart they have loaded what that needs. */
export async function serveFromBoth(soak: SoakWorld, trouble: TroubleLog): Promise<void> {
  trouble.begin({});
  await moveAgent(soak.world);
  await moveAgent(soak.world);
  await untilHealthy(soak);
  trouble.end();
}

/** Moves the agent to the other server. */
async function moveAgent(world: SoakWorld['world']): Promise<void> {
  const from = world.connectedServer();
  const recover = await closePorts(world.ports.feeds.filter((_, index) => index === from));
  await eventually(() => {
    if (world.connectedServer() === from) throw new Error('the agent does not move to the other server');
  }, MOVED);
  await recover();
}

async function runFault(
  { fault, pauseMs, durationMs }: PlannedFault,
  { soak, trouble, record, moreKeys, print, signal }: RunFaultsOptions,
): Promise<void> {
  const asking = keepAsking(soak.running);
  await setTimeout(pauseMs, undefined, { signal });
  const startMs = performance.now();
  trouble.begin(fault);
  const recover = await fault.inject(soak);
  await setTimeout(durationMs);
  await recover();
  const endMs = performance.now();
  let failure: string | undefined;
  await untilHealthy(soak).catch((error: unknown) => {
    failure = `not recovered from "${fault.name}": ${describeError(error)}`;
  });
  trouble.end();
  const recoveredMs = performance.now() - endMs;
  const { keys, ...tally } = await asking.stop();
  print(
    `${fault.name} (${(durationMs / 1000).toFixed(1)} s), healthy ${(recoveredMs / 1000).toFixed(1)} s later`,
  );
  record.count.set(fault.name, (record.count.get(fault.name) ?? 0) + 1);
  record.longestRecoveryMs = Math.max(record.longestRecoveryMs, recoveredMs);
  judgeTally(tally, record, `during "${fault.name}"`, (one) => one.atMs >= startMs && mayFail(one, fault));
  if (failure !== undefined) {
    record.problems.recovery.push(failure);
    throw new Error(failure);
  }
  record.problems.ownRole.push(...(await findForeignKeys(soak.world, [...keys, ...moreKeys()])));
}

function judgeTally(
  { requests, failures, leastLifeMs }: Tally,
  record: FaultsRecord,
  when: string,
  isAllowed: (failure: Failure) => boolean,
): void {
  const bad = failures.filter((failure) => !isAllowed(failure));
  record.requests += requests;
  record.allowedFailures.push(...failures.filter(isAllowed));
  if (bad.length > 0) record.problems.running.push(`${when}: ${kindsOf(bad)}, first of ${bad[0]?.pod ?? ''}`);
  if (leastLifeMs < LEAST_LIFE_MS)
    record.problems.life.push(`${when}: a document with ${Math.round(leastLifeMs / 1000)} s left`);
}

function mayFail({ status, body }: Failure, fault: SoakFault): boolean {
  return fault.mayFail?.test(status === 0 ? body : String(status)) === true;
}
