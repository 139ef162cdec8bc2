import { describeError } from '@rolegate/runtime';
import type { Iptables } from './backend.ts';
import type { Saved, SavedTables } from './rules/saved-rules.ts';
import { hasConnectionLimit, withoutConnectionLimit } from './rules/connection-limit.ts';
import { findFaults } from './rules/faults.ts';
import type { Fault } from './rules/faults.ts';
import type { Family } from './rules/metadata-addresses.ts';
import type { FamilyPlan } from './rules/rule.ts';
import { restoreInput } from './rules/restore-input.ts';
import type { RepairResult } from './route-layer.ts';

/** Why new connections are not limited, by family. */
export type LimitFaults = ReadonlyMap<Family, string>;

/** The state of the tables after the repair. */
export interface TablesResult extends RepairResult {
  readonly saved: Saved;
  readonly limitFaults: LimitFaults;
}

interface FamilyResult {
  /** The plan that was applied. */
  readonly plan: FamilyPlan;
  readonly repaired: readonly Fault[];
  /** Undefined: the program succeeded. */
  readonly error: string | undefined;
  readonly limitFault: string | undefined;
}

/**
 * Brings our chains of all families to the plan. `limitFaults`: families in which the connection limit is not tried now.
 * Rejects only if the tables cannot be read.
 */
export async function settleTables(
  iptables: Iptables,
  { plan, limitFaults }: { readonly plan: readonly FamilyPlan[]; readonly limitFaults: LimitFaults },
  there: Saved,
): Promise<TablesResult> {
  const outcomes: FamilyResult[] = [];
  for (const one of plan) {
    const { family } = one;
    outcomes.push(await settleFamily(iptables, one, there[family], limitFaults.get(family)));
  }
  const repaired = outcomes.flatMap((outcome) => outcome.repaired);
  const faults = outcomes.flatMap(({ plan: { family }, limitFault }) =>
    limitFault === undefined ? [] : [[family, limitFault] as const],
  );
  if (repaired.length === 0) return { repaired, left: [], saved: there, limitFaults: new Map(faults) };
  const saved = (await iptables.save()) ?? there;
  const left = outcomes.flatMap((outcome) => findFaults(outcome.plan, saved[outcome.plan.family]));
  const failed = outcomes.flatMap(failuresOf);
  return {
    repaired,
    left: [...failed.filter(({ layer }) => left.some((fault) => fault.layer === layer)), ...left],
    saved,
    limitFaults: new Map(faults),
  };
}

/**
 * Brings one family to its plan, or to as much of it as can be installed: a table is restored as a whole, and without
 * xt_hashlimit the rules that deny would fail together with the limit.
 */
async function settleFamily(
  iptables: Iptables,
  whole: FamilyPlan,
  there: SavedTables,
  knownFault: string | undefined,
): Promise<FamilyResult> {
  const tried = knownFault === undefined ? await bringTo(iptables, whole, there) : undefined;
  if (tried !== undefined && (tried.error === undefined || !hasConnectionLimit(whole))) return tried;
  const bare = await bringTo(iptables, withoutConnectionLimit(whole), there);
  return tried !== undefined && bare.error !== undefined
    ? tried
    : { ...bare, limitFault: knownFault ?? tried?.error };
}

async function bringTo(iptables: Iptables, plan: FamilyPlan, there: SavedTables): Promise<FamilyResult> {
  const repaired = findFaults(plan, there);
  if (repaired.length === 0) return { plan, repaired, error: undefined, limitFault: undefined };
  try {
    await iptables.restore(plan.family, restoreInput(plan, there));
    return { plan, repaired, error: undefined, limitFault: undefined };
  } catch (error) {
    // The other family's rules are still installed.
    return { plan, repaired, error: describeError(error), limitFault: undefined };
  }
}

function failuresOf({ repaired, error }: FamilyResult): readonly Fault[] {
  if (error === undefined) return [];
  return [...new Set(repaired.map(({ layer }) => layer))].map((layer) => ({ layer, message: error }));
}
