import type { AssumeRoleCall } from '@rolegate/testing';
import type { Followed } from '../follow.ts';
import { kindsOf } from '../tally.ts';
import type { Failure, Tally } from '../tally.ts';
import type { Fault } from './fault.ts';

/** From the end of a fault to its changes being in force: a back-off of 5 s with jitter, and a busy machine. Milliseconds. */
const FRESH_WITHIN_MS = 15_000;
/** R2, where nothing keeps STS from answering. Milliseconds. */
const LEAST_LIFE_MS = 25 * 60_000;
/** DESIGN.md 4.10, with STS away as with STS there. Milliseconds. */
const REVOKED_WITHIN_MS = 1_000;
/** A replica that hangs may have asked STS for what its follower asks for again. */
const MOST_CALLS_A_ROLE = 2;

/** The changes that are made in each fault. */
export interface Changes {
  /** A permit is withdrawn. */
  readonly withdrawn: Followed;
  /** A new Pod shares the session of a running one. */
  readonly shared: Followed;
  /** A new Pod has a role that nobody had before. */
  readonly newRole: Followed;
}

export interface FaultOutcome {
  readonly fault: Fault;
  readonly tally: Tally;
  readonly calls: { readonly newRoles: number; readonly heldAgain: number };
  /** From the change to its being in force in the fault; undefined: not before its end. Milliseconds. */
  readonly during: { readonly [Change in keyof Changes]: number | undefined };
  /** From the fault's end to everything being in force; 0: it was in the fault. Milliseconds. */
  readonly freshMs: number;
  /** From the fault's end to the last failure of a running Pod. Milliseconds; undefined: none came after it. */
  readonly failedForMs: number | undefined;
  /** What was otherwise than it must be. */
  readonly faults: readonly string[];
}

export interface Tried {
  readonly fault: Fault;
  readonly tally: Tally;
  readonly wrong: readonly string[];
  readonly changes: Changes;
  readonly struckMs: number;
  readonly mendedMs: number;
  readonly calls: readonly AssumeRoleCall[];
  /** The agent knows after a restart what it held. */
  readonly keepsState: boolean;
}

export function judge(tried: Tried): FaultOutcome {
  const { fault, tally, changes, struckMs, mendedMs } = tried;
  const during = (change: Followed) =>
    change.inForceAtMs !== undefined && change.inForceAtMs <= mendedMs
      ? change.inForceAtMs - struckMs
      : undefined;
  const all = [changes.withdrawn, changes.shared, changes.newRole];
  const heldAgain = tried.calls.filter(({ roleArn }) => /\/app-\d+$/.test(roleArn)).length;
  const newRoles = tried.calls.filter(({ roleArn }) => roleArn.includes('/new-')).length;
  const lastFailureMs = Math.max(...tally.failures.map(({ atMs }) => atMs));
  const outcome = {
    fault,
    tally,
    calls: { newRoles, heldAgain },
    during: {
      withdrawn: during(changes.withdrawn),
      shared: during(changes.shared),
      newRole: during(changes.newRole),
    },
    freshMs: Math.max(0, ...all.map(({ inForceAtMs = Infinity }) => inForceAtMs - mendedMs)),
    failedForMs: lastFailureMs > mendedMs ? lastFailureMs - mendedMs : undefined,
  };
  return { ...outcome, faults: [...faultsOf(outcome, tried), ...tried.wrong, ...oddities(changes)] };
}

function faultsOf(outcome: Omit<FaultOutcome, 'faults'>, { keepsState }: Tried): string[] {
  const { fault, tally, calls, during, freshMs } = outcome;
  const bad = tally.failures.filter((failure) => !isExcused(failure, fault));
  // An agent that comes with nothing costs one call more for what its server has not issued itself.
  const mayFetchAgain = fault.target === 'agent' && fault.harm === 'kill' && !keepsState;
  return [
    ...(bad.length > 0 ? [`running Pods: ${kindsOf(bad)}, first of ${bad[0]?.pod ?? ''}`] : []),
    ...(tally.leastLifeMs < LEAST_LIFE_MS
      ? [`a document with ${Math.round(tally.leastLifeMs / 1000)} s left`]
      : []),
    ...(calls.heldAgain > 0 && !mayFetchAgain
      ? [`${calls.heldAgain} sessions that were held were fetched again`]
      : []),
    ...(fault.target !== 'STS' && calls.newRoles > MOST_CALLS_A_ROLE
      ? [`${calls.newRoles} calls for one new role`]
      : []),
    ...(freshMs > FRESH_WITHIN_MS ? [`fresh only after ${seconds(freshMs)}`] : []),
    ...(fault.target === 'STS' && (during.withdrawn ?? Infinity) > REVOKED_WITHIN_MS
      ? [`a permit was withdrawn only after ${seconds(during.withdrawn ?? Infinity)}`]
      : []),
    ...notInForce(outcome),
    ...backTooLate(outcome),
  ];
}

function notInForce({ fault: { expected }, during }: Omit<FaultOutcome, 'faults'>): string[] {
  const wanted = [
    ...(expected.changes === 'in force' ? (['withdrawn', 'shared'] as const) : []),
    ...(expected.newRole === 'served' ? (['newRole'] as const) : []),
  ];
  return wanted
    .filter((change) => during[change] === undefined)
    .map((change) => `${change}: not in force while the fault lasted`);
}

function backTooLate({ fault, failedForMs = 0 }: Omit<FaultOutcome, 'faults'>): string[] {
  const { agentBackWithinMs = Infinity } = fault;
  return failedForMs > agentBackWithinMs
    ? [`running Pods failed for ${seconds(failedForMs)} after the agent was back`]
    : [];
}

function isExcused({ status, body }: Failure, { mayFail }: Fault): boolean {
  return mayFail?.test(status === 0 ? body : String(status)) === true;
}

function oddities(changes: Changes): string[] {
  return Object.entries(changes).flatMap(([name, { odd }]: [string, Followed]) =>
    odd.length === 0 ? [] : [`${name}: ${odd.length} odd answers, first ${odd[0] ?? ''}`],
  );
}

export const seconds = (ms: number): string => (ms === Infinity ? 'never' : `${(ms / 1000).toFixed(2)} s`);
