import type { AssumeRoleCall } from '@rolegate/testing';
import type { FollowedChange } from '../follow-change.ts';
import { kindsOf } from '../tally.ts';
import type { Failure, Tally } from '../tally.ts';
import type { Fault } from './fault.ts';

/** Time after a fault until all changes are in force. Covers a back-off of 5 s with jitter on a busy machine. Milliseconds. */
export const RECOVERED_WITHIN_MS = 15_000;
/** R2. Milliseconds. */
const LEAST_LIFE_MS = 25 * 60_000;
/** DESIGN.md 4.10, also if STS is down. Milliseconds. */
const REVOKED_WITHIN_MS = 1_000;
/** Two, because a hanging replica may already have called STS. */
const MOST_CALLS_A_ROLE = 2;

/** The changes that are made during each fault. */
export interface Changes {
  /** A revoked permit. */
  readonly withdrawn: FollowedChange;
  /** A new Pod that shares the session of a running Pod. */
  readonly shared: FollowedChange;
  /** A new Pod with a new role. */
  readonly newRole: FollowedChange;
}

export interface FaultOutcome {
  readonly fault: Fault;
  readonly tally: Tally;
  /** AssumeRole calls for new roles, and for sessions that were already cached. */
  readonly calls: { readonly newRoles: number; readonly cachedRoles: number };
  /** Time until each change was in force; undefined if not before the end of the fault. Milliseconds. */
  readonly during: { readonly [Change in keyof Changes]: number | undefined };
  /** Time from the end of the fault until all changes were in force; 0 if they already were. Milliseconds. */
  readonly recoveredMs: number;
  /** Time from the end of the fault to the last failure of a running Pod; undefined if there was none. Milliseconds. */
  readonly failedForMs: number | undefined;
  /** Violations of the promises. */
  readonly problems: readonly string[];
}

export interface FaultRun {
  readonly fault: Fault;
  readonly tally: Tally;
  /** Documents of another Pod's role. */
  readonly foreignKeys: readonly string[];
  readonly changes: Changes;
  /** performance.now() at the start and end of the fault. */
  readonly startMs: number;
  readonly endMs: number;
  readonly calls: readonly AssumeRoleCall[];
  /** The agent restores its state after a restart. */
  readonly keepsState: boolean;
}

export function judge(run: FaultRun): FaultOutcome {
  const { fault, tally, changes, startMs, endMs } = run;
  const during = (change: FollowedChange) =>
    change.inForceAtMs !== undefined && change.inForceAtMs <= endMs
      ? change.inForceAtMs - startMs
      : undefined;
  const all = [changes.withdrawn, changes.shared, changes.newRole];
  const cachedRoles = run.calls.filter(({ roleArn }) => /\/app-\d+$/.test(roleArn)).length;
  const newRoles = run.calls.filter(({ roleArn }) => roleArn.includes('/new-')).length;
  const lastFailureMs = Math.max(...tally.failures.map(({ atMs }) => atMs));
  const outcome = {
    fault,
    tally,
    calls: { newRoles, cachedRoles },
    during: {
      withdrawn: during(changes.withdrawn),
      shared: during(changes.shared),
      newRole: during(changes.newRole),
    },
    recoveredMs: Math.max(0, ...all.map(({ inForceAtMs = Infinity }) => inForceAtMs - endMs)),
    failedForMs: lastFailureMs > endMs ? lastFailureMs - endMs : undefined,
  };
  const problems = [...problemsOf(outcome, run), ...run.foreignKeys, ...unexpectedAnswers(changes)];
  return { ...outcome, problems };
}

function problemsOf(outcome: Omit<FaultOutcome, 'problems'>, { keepsState }: FaultRun): string[] {
  const { fault, tally, calls, during, recoveredMs } = outcome;
  const bad = tally.failures.filter((failure) => !isExpected(failure, fault));
  // An agent without saved state causes one more call for sessions that its server did not issue.
  const mayFetchAgain = fault.component === 'agent' && fault.mode === 'kill' && !keepsState;
  return [
    ...(bad.length > 0 ? [`running Pods: ${kindsOf(bad)}, first of ${bad[0]?.pod ?? ''}`] : []),
    ...(tally.leastLifeMs < LEAST_LIFE_MS
      ? [`a document with ${Math.round(tally.leastLifeMs / 1000)} s left`]
      : []),
    ...(calls.cachedRoles > 0 && !mayFetchAgain
      ? [`${calls.cachedRoles} cached sessions were issued again`]
      : []),
    ...(fault.component !== 'STS' && calls.newRoles > MOST_CALLS_A_ROLE
      ? [`${calls.newRoles} calls for one new role`]
      : []),
    ...(recoveredMs > RECOVERED_WITHIN_MS ? [`changes in force only after ${seconds(recoveredMs)}`] : []),
    ...(fault.component === 'STS' && (during.withdrawn ?? Infinity) > REVOKED_WITHIN_MS
      ? [`the revocation took effect only after ${seconds(during.withdrawn ?? Infinity)}`]
      : []),
    ...notInForce(outcome),
    ...backTooLate(outcome),
  ];
}

function notInForce({ fault: { expected }, during }: Omit<FaultOutcome, 'problems'>): string[] {
  const wanted = [
    ...(expected.changes === 'in force' ? (['withdrawn', 'shared'] as const) : []),
    ...(expected.newRole === 'served' ? (['newRole'] as const) : []),
  ];
  return wanted
    .filter((change) => during[change] === undefined)
    .map((change) => `${change}: not in force during the fault`);
}

function backTooLate({ fault, failedForMs = 0 }: Omit<FaultOutcome, 'problems'>): string[] {
  const { agentBackWithinMs = Infinity } = fault;
  return failedForMs > agentBackWithinMs
    ? [`running Pods failed for ${seconds(failedForMs)} after the agent was back`]
    : [];
}

function isExpected({ status, body }: Failure, { mayFail }: Fault): boolean {
  return mayFail?.test(status === 0 ? body : String(status)) === true;
}

function unexpectedAnswers(changes: Changes): string[] {
  return Object.entries(changes).flatMap(([name, { unexpected }]: [string, FollowedChange]) =>
    unexpected.length === 0
      ? []
      : [`${name}: ${unexpected.length} unexpected answers, first ${unexpected[0] ?? ''}`],
  );
}

export const seconds = (ms: number): string => (ms === Infinity ? 'never' : `${(ms / 1000).toFixed(2)} s`);
