import { ENTRIES } from '../watch/levels.ts';
import type { Levels } from '../watch/levels.ts';

/** What was held after the first churn and after the second. */
export interface Change {
  /** A program, or the servers. */
  readonly program: string;
  readonly what: string;
  readonly before: number;
  readonly after: number;
}

/**
 * Names that are remembered for five minutes or longer after what they name is gone (docs/adr/0014). Each has a time limit and a
 * maximum of its own.
 */
const LONG_REMEMBERED = new Set(
  [
    'addresses_released',
    'changed_nodes',
    'event_subjects',
    'failed_sessions',
    'first_requests',
    'heads',
    'pods_gone',
    'pods_returned',
    'routes',
    'tokens',
    'unreadable_objects',
  ].map(gaugeOf),
);
/** `reconcile` has no metrics. It remembers the addresses and Pods of CNI results as the agent does. */
const OF_RECONCILE = new Set(['addresses_released', 'pods_returned'].map(gaugeOf));

/** Rate limits: the one node, or its address, has up to two buckets until they are full again. */
const RATE_LIMITS = ['calling_nodes', 'connecting_addresses', 'opening_nodes', 'reporting_nodes'].map(
  gaugeOf,
);
const MOST_BUCKETS = 2;

/** Differences that are no growth: a connection that is being replaced, a timer between two turns. */
const SLACK: Readonly<Record<string, number>> = {
  descriptors: 2,
  timers: 10,
  'abort signals': 10,
  'maps and sets': 50,
  [ENTRIES]: 100,
  ...Object.fromEntries(RATE_LIMITS.map((gauge) => [gauge, MOST_BUCKETS])),
};
/** A remembered name has an entry in the map of its kind, and may have one in an index. */
const ENTRIES_A_NAME = 2;

export function changesOf(before: ReadonlyMap<string, Levels>, after: ReadonlyMap<string, Levels>): Change[] {
  return [...after].flatMap(([program, levels]) =>
    [...levels].map(([what, value]) => ({
      program,
      what,
      before: before.get(program)?.get(what) ?? 0,
      after: value,
    })),
  );
}

/** Those that have not returned to their level. */
export function risenIn(changes: readonly Change[]): Change[] {
  return changes.filter((change) => change.after > change.before + allowedRise(change, changes));
}

export function levelProblems(changes: readonly Change[]): string[] {
  return risenIn(changes).map(
    ({ program, what, before, after }) =>
      `${program}: ${what}: ${before} after the first churn, ${after} after the second`,
  );
}

function allowedRise({ program, what }: Change, changes: readonly Change[]): number {
  if (LONG_REMEMBERED.has(what)) return Infinity;
  const slack = SLACK[what] ?? 0;
  if (what !== ENTRIES) return slack;
  const remembered =
    program === 'reconcile'
      ? changes.filter((one) => OF_RECONCILE.has(one.what))
      : changes.filter((one) => one.program === program && LONG_REMEMBERED.has(one.what));
  const names = remembered.reduce((sum, { before, after }) => sum + Math.max(0, after - before), 0);
  return slack + names * ENTRIES_A_NAME;
}

function gaugeOf(kind: string): string {
  return `rolegate_remembered_names{of="${kind}"}`;
}
