import { describeError } from '@rolegate/runtime';
import type { Log } from '@rolegate/runtime';
import type { RunCommand } from './commands.ts';
import type { RepairResult } from './route-layer.ts';
import { findFaults } from './rules/faults.ts';
import type { Fault } from './rules/faults.ts';
import type { Family } from './rules/metadata-addresses.ts';
import { planInterception } from './rules/plan.ts';
import type { FamilyPlan, PlanOptions } from './rules/rule.ts';
import type { Saved } from './rules/saved-rules.ts';
import { listUplinks } from './uplinks.ts';

export interface PlannerDeps {
  readonly run: RunCommand;
  readonly planOptions: PlanOptions;
  /** The families that the kernel has. */
  readonly families: readonly Family[];
  readonly log: Log;
}

/** The plan for this node as it is now. */
export interface Planner {
  readonly current: () => readonly FamilyPlan[];
  /**
   * Makes the plan again. `ignoreEndpoint`: an endpoint for container credentials that is not enabled is left as it is. Never
   * rejects: a list of uplinks that cannot be read remains as a fault, and the last one is used.
   */
  readonly renew: (ignoreEndpoint: boolean) => Promise<RepairResult>;
  /** The faults that were faults before the plan was renewed as well: the others are no doing of another program. */
  readonly notRenewed: (faults: readonly Fault[], there: Saved) => readonly Fault[];
}

export function createPlanner({ run, planOptions, families, log }: PlannerDeps): Planner {
  let uplinks: readonly string[] | undefined;
  let plan = makePlan(false);
  let previous: readonly FamilyPlan[] | undefined;

  function makePlan(ignoresEndpoint: boolean): readonly FamilyPlan[] {
    const all = planInterception(planOptions, { uplinks: uplinks ?? [], ignoresEndpoint });
    return all.filter(({ family }) => families.includes(family));
  }

  async function readUplinks(): Promise<void> {
    const found = await listUplinks(run, families);
    if (uplinks !== undefined && uplinks.join() !== found.join())
      log.info('interfaces with a default route changed', { interfaces: found.join(',') });
    uplinks = found;
  }

  return {
    current: () => plan,
    async renew(ignoreEndpoint) {
      const left: Fault[] = [];
      const isFirst = uplinks === undefined;
      if (planOptions.containerCredentials)
        await readUplinks().catch((error: unknown) =>
          left.push({ layer: 'input', message: `interfaces with a default route: ${describeError(error)}` }),
        );
      previous = isFirst ? undefined : plan;
      plan = makePlan(ignoreEndpoint);
      return { repaired: [], left };
    },
    notRenewed(faults, there) {
      if (previous === undefined || faults.length === 0) return faults;
      const known = previous
        .flatMap((one) => findFaults(one, there[one.family]))
        .map(({ message }) => message);
      return faults.filter(({ message }) => known.includes(message));
    },
  };
}
