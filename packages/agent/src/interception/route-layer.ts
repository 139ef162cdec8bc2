import { describeError } from '@rolegate/runtime';
import { findRouteFaults, routeKey } from './rules/faults.ts';
import type { Fault } from './rules/faults.ts';
import type { FamilyPlan, RouteRule } from './rules/rule.ts';
import type { Routes } from './routes.ts';

/** What was not as planned, before and after it was repaired. */
export interface RepairResult {
  readonly repaired: readonly Fault[];
  readonly left: readonly Fault[];
}

/** Brings `ip rule` of one family to the plan. Never rejects: what does not work is left as a fault. */
export async function settleRoutes(routes: Routes, plan: FamilyPlan): Promise<RepairResult> {
  try {
    const repaired = await repair(routes, plan);
    const missing = repaired.length === 0 ? [] : findRouteFaults(plan, await routes.list(plan.family));
    return { repaired, left: missing.map((rule) => fault('no', rule)) };
  } catch (error) {
    const failure: Fault = { layer: 'route', message: describeError(error) };
    return { repaired: [failure], left: [failure] };
  }
}

/**
 * The node's own way is opened before everything is prohibited, and a guest's way is taken away at once. What does not work keeps
 * nothing else from being done.
 */
async function repair(
  routes: Routes,
  { family, routes: planned, ...plan }: FamilyPlan,
): Promise<readonly Fault[]> {
  const present = await routes.list(family);
  const missing = findRouteFaults({ family, routes: planned, ...plan }, present);
  const wanted = new Set(planned.map(routeKey));
  const unwanted = present.filter((rule) => !wanted.has(routeKey(rule)));
  const errors: unknown[] = [];
  const attempt = (change: Promise<void>) => change.catch((error: unknown) => errors.push(error));
  for (const rule of unwanted) await attempt(routes.remove(family, rule));
  for (const rule of missing) await attempt(routes.add(family, rule));
  if (errors.length > 0) throw new Error(errors.map(describeError).join('; '));
  return [...missing.map((rule) => fault('no', rule)), ...unwanted.map((rule) => fault('too many', rule))];
}

function fault(how: 'no' | 'too many', rule: RouteRule): Fault {
  return { layer: 'route', message: `${how} ip rule ${routeKey(rule)}` };
}
