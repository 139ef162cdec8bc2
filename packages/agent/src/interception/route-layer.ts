import { describeError } from '@rolegate/runtime';
import { findRouteFaults, routeKey } from './rules/faults.ts';
import type { Fault } from './rules/faults.ts';
import type { FamilyPlan, RouteRule } from './rules/rule.ts';
import type { Routes } from './routes.ts';

/** The differences from the plan before and after the repair. */
export interface RepairResult {
  readonly repaired: readonly Fault[];
  readonly left: readonly Fault[];
}

/** Brings `ip rule` of one family to the plan. Never rejects: failures remain as faults. */
export async function settleRoutes(routes: Routes, plan: FamilyPlan): Promise<RepairResult> {
  try {
    const repaired = await repair(routes, plan);
    const missing = repaired.length === 0 ? [] : findRouteFaults(plan, await routes.list(plan.family));
    return { repaired, left: missing.map((rule) => fault('missing', rule)) };
  } catch (error) {
    const failure: Fault = { layer: 'route', message: describeError(error) };
    return { repaired: [failure], left: [failure] };
  }
}

/**
 * Adds the exception for the node before the prohibition, and removes an exception for guests immediately. A failure does not
 * stop the other steps.
 */
async function repair(routes: Routes, plan: FamilyPlan): Promise<readonly Fault[]> {
  const { family, endpoint } = plan;
  const present = await routes.list(family);
  const missing = findRouteFaults(plan, present);
  const wanted = new Set(plan.routes.map(routeKey));
  const isIgnored = ({ to }: RouteRule) => endpoint.state === 'ignored' && to === endpoint.address;
  const unwanted = present.filter((rule) => !wanted.has(routeKey(rule)) && !isIgnored(rule));
  const errors: unknown[] = [];
  const attempt = (change: Promise<void>) => change.catch((error: unknown) => errors.push(error));
  for (const rule of unwanted) await attempt(routes.remove(family, rule));
  for (const rule of missing) await attempt(routes.add(family, rule));
  if (errors.length > 0) throw new Error(errors.map(describeError).join('; '));
  return [
    ...missing.map((rule) => fault('missing', rule)),
    ...unwanted.map((rule) => fault('unwanted', rule)),
  ];
}

function fault(how: 'missing' | 'unwanted', rule: RouteRule): Fault {
  return { layer: 'route', message: `${how} ip rule ${routeKey(rule)}` };
}
