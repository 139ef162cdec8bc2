import { describeError } from '@rolegate/runtime';
import type { Iptables, Saved } from './backend.ts';
import { hasConnectionLimit, withoutConnectionLimit } from './connection-limit.ts';
import { findFaults } from './faults.ts';
import type { Fault } from './faults.ts';
import type { Family } from './metadata-addresses.ts';
import type { FamilyPlan } from './rule.ts';
import { restoreInput } from './restore-input.ts';
import type { Mending } from './route-layer.ts';
import type { SavedTables } from './saved-rules.ts';

/** Why new connections are not limited, by family. */
export type LimitFaults = ReadonlyMap<Family, string>;

/** How the tables stand after they were brought to the plan. */
export interface TablesMending extends Mending {
  readonly saved: Saved;
  readonly limitFaults: LimitFaults;
}

interface FamilyMending {
  /** What the rules were brought to. */
  readonly plan: FamilyPlan;
  readonly mended: readonly Fault[];
  /** Undefined: the program did what it was told. */
  readonly error: string | undefined;
  readonly limitFault: string | undefined;
}

/**
 * Brings our chains of all families to the plan. `limitFaults`: families in which the limit of new connections is not tried now.
 * Rejects only if the tables cannot be read.
 */
export async function settleTables(
  iptables: Iptables,
  { plan, limitFaults }: { readonly plan: readonly FamilyPlan[]; readonly limitFaults: LimitFaults },
  there: Saved,
): Promise<TablesMending> {
  const outcomes: FamilyMending[] = [];
  for (const one of plan) {
    const { family } = one;
    outcomes.push(await settleFamily(iptables, one, there[family], limitFaults.get(family)));
  }
  const mended = outcomes.flatMap((outcome) => outcome.mended);
  const faults = outcomes.flatMap(({ plan: { family }, limitFault }) =>
    limitFault === undefined ? [] : [[family, limitFault] as const],
  );
  if (mended.length === 0) return { mended, left: [], saved: there, limitFaults: new Map(faults) };
  const saved = (await iptables.save()) ?? there;
  const left = outcomes.flatMap((outcome) => findFaults(outcome.plan, saved[outcome.plan.family]));
  const failed = outcomes.flatMap(failuresOf);
  return {
    mended,
    left: [...failed.filter(({ layer }) => left.some((fault) => fault.layer === layer)), ...left],
    saved,
    limitFaults: new Map(faults),
  };
}

/**
 * Brings one family to its plan, or to as much of it as can be installed: a table is restored as a whole, and without xt_hashlimit
 * the rules that deny would fail together with the limit.
 */
async function settleFamily(
  iptables: Iptables,
  whole: FamilyPlan,
  there: SavedTables,
  knownFault: string | undefined,
): Promise<FamilyMending> {
  const tried = knownFault === undefined ? await bringTo(iptables, whole, there) : undefined;
  if (tried !== undefined && (tried.error === undefined || !hasConnectionLimit(whole))) return tried;
  const bare = await bringTo(iptables, withoutConnectionLimit(whole), there);
  return tried !== undefined && bare.error !== undefined
    ? tried
    : { ...bare, limitFault: knownFault ?? tried?.error };
}

async function bringTo(iptables: Iptables, plan: FamilyPlan, there: SavedTables): Promise<FamilyMending> {
  const mended = findFaults(plan, there);
  if (mended.length === 0) return { plan, mended, error: undefined, limitFault: undefined };
  try {
    await iptables.restore(plan.family, restoreInput(plan, there));
    return { plan, mended, error: undefined, limitFault: undefined };
  } catch (error) {
    // The other family's rules are installed all the same.
    return { plan, mended, error: describeError(error), limitFault: undefined };
  }
}

function failuresOf({ mended, error }: FamilyMending): readonly Fault[] {
  if (error === undefined) return [];
  return [...new Set(mended.map(({ layer }) => layer))].map((layer) => ({ layer, message: error }));
}
