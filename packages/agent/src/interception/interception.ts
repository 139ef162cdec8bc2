import { backends } from './backend.ts';
import type { Backend } from './backend.ts';
import { createBothBackends } from './both-backends.ts';
import type { BothBackendsDeps } from './both-backends.ts';
import { withoutConnectionLimit } from './rules/connection-limit.ts';
import { flushFlows, flushRedirected } from './conntrack.ts';
import { createEndpointLinks } from './endpoint-link.ts';
import { settleLink } from './link-layer.ts';
import { findFaults, foreignRules } from './rules/faults.ts';
import type { Fault } from './rules/faults.ts';
import type { Family } from './rules/metadata-addresses.ts';
import { countRedirected, countPackets } from './rules/packets.ts';
import type { Packets } from './rules/packets.ts';
import { settleRoutes } from './route-layer.ts';
import type { RepairResult } from './route-layer.ts';
import { createRoutes } from './routes.ts';
import { createPlanner } from './planner.ts';
import { ruleLayers } from './rules/rule.ts';
import type { FamilyPlan, Layer, PlanOptions, RuleLayer } from './rules/rule.ts';
import { settleTables } from './table-layers.ts';
import type { LimitFaults } from './table-layers.ts';

export interface InterceptionDeps extends BothBackendsDeps {
  readonly planOptions: PlanOptions;
}

export interface SettleOptions {
  /**
   * True: also deletes flows that others redirected, but only if our nat chain had to be repaired, since otherwise there are
   * none. Default false.
   */
  readonly flushAll?: boolean;
  /** False: does not retry a connection limit that could not be installed. Default true. */
  readonly retryLimit?: boolean;
  /** True: an endpoint for container credentials that is not enabled is left as it is. Default false: it is removed. */
  readonly ignoreEndpoint?: boolean;
}

/** What was found and repaired. */
export interface SettleResult {
  readonly backend: Backend;
  /** Differences from the plan that were found. */
  readonly repaired: readonly Fault[];
  /** Differences that remain. */
  readonly left: readonly Fault[];
  readonly layers: InstalledLayers;
  /** Why new connections are not limited; undefined: they are. Independent of the layers. */
  readonly limitFault: string | undefined;
  /** Rules of others for a metadata address. */
  readonly foreign: readonly string[];
  /** Addresses of others on our link. */
  readonly foreignAddresses: readonly string[];
  /** Since our rules were last installed. */
  readonly packets: Packets;
  readonly redirected: Readonly<Record<Family, number>>;
}

/** Fully installed. `link` is absent if it is not needed. */
export type InstalledLayers = Readonly<Record<RuleLayer, boolean> & Partial<Record<Layer, boolean>>>;

export interface Interception {
  /** Reads the rules, repairs differences from the plan, and reads again. Rejects if the tables cannot be read. */
  readonly settle: (options?: SettleOptions) => Promise<SettleResult>;
  /**
   * True if the iptables rules of this backend match the plan. Cheaper than `settle`; repairs nothing. Rejects if they cannot
   * be read.
   */
  readonly areTablesInOrder: (backend: Backend) => Promise<boolean>;
  /** Removes only our rules, from both backends, and our link. Rejects in the end with what could not be removed. */
  readonly remove: () => Promise<void>;
}

/** The rules of this process's network namespace: read, installed, repaired, removed. */
export function createInterception(deps: InterceptionDeps): Interception {
  const { run, log, families } = deps;
  const planner = createPlanner(deps);
  const routes = createRoutes({ run });
  const links = createEndpointLinks({ run });
  const { iptables, choose, removeFrom } = createBothBackends(deps);
  let limitFaults: LimitFaults = new Map();

  async function settle({
    flushAll = false,
    retryLimit = true,
    ignoreEndpoint = false,
  }: SettleOptions = {}): Promise<SettleResult> {
    const outcomes: RepairResult[] = [await planner.renew(ignoreEndpoint)];
    const plan = planner.current();
    for (const one of plan) outcomes.push(await settleRoutes(routes, one));
    const { backend, there, clearOther } = await choose();
    const wanted = { plan, limitFaults: retryLimit ? new Map() : limitFaults };
    const tables = await settleTables(iptables[backend], wanted, there);
    limitFaults = tables.limitFaults;
    await clearOther();
    // Last: the address never exists without the rules that guard it.
    const link = await settleLink(links, plan);
    outcomes.push({ ...tables, repaired: planner.notRenewed(tables.repaired, there) }, link);
    const repaired = outcomes.flatMap((outcome) => outcome.repaired);
    const left = outcomes.flatMap((outcome) => outcome.left);
    await flushAfter(plan, repaired, flushAll);
    return {
      backend,
      repaired,
      left,
      layers: layersWithout(left, plan),
      limitFault: [...limitFaults.values()][0],
      foreign: plan.flatMap((one) => foreignRules(one, tables.saved[one.family])),
      packets: countPackets(plan, tables.saved),
      foreignAddresses: link.foreignAddresses,
      redirected: countRedirected(plan, tables.saved),
    };
  }

  async function flushAfter(
    plan: readonly FamilyPlan[],
    repaired: readonly Fault[],
    flushAll: boolean,
  ): Promise<void> {
    // Otherwise an upgrade that changes another layer would cut Pods' requests to a running agent.
    const all = flushAll && repaired.some(({ layer }) => layer === 'nat');
    if (repaired.length > 0) for (const one of plan) await flushFlows({ run, log }, one, all);
    if (repaired.some(({ layer }) => layer === 'ports'))
      for (const one of plan) await flushRedirected({ run, log }, one);
  }

  async function removeRoutes(): Promise<void> {
    for (const family of families) {
      for (const rule of await routes.list(family)) await routes.remove(family, rule);
    }
  }

  return {
    settle,
    async areTablesInOrder(backend) {
      const saved = await iptables[backend].save();
      return planner.current().every((one) => {
        const wanted = limitFaults.has(one.family) ? withoutConnectionLimit(one) : one;
        return findFaults(wanted, saved?.[one.family] ?? new Map()).length === 0;
      });
    },
    async remove() {
      const outcomes = await Promise.allSettled([
        removeRoutes(),
        links.remove(),
        ...backends.map(removeFrom),
      ]);
      const faults = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
      if (faults.length > 0) throw new AggregateError(faults, 'some rules could not be removed');
    },
  };
}

function layersWithout(left: readonly Fault[], plan: readonly FamilyPlan[]): InstalledLayers {
  const hasLink = plan.some(({ endpoint }) => endpoint.state === 'installed');
  const needed: readonly Layer[] = hasLink ? [...ruleLayers, 'link'] : ruleLayers;
  const isWhole = (layer: Layer) => !left.some((fault) => fault.layer === layer);
  return Object.fromEntries(needed.map((layer) => [layer, isWhole(layer)])) as InstalledLayers;
}
