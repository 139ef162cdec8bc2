import { describeError } from '@rolegate/runtime';
import type { Log } from '@rolegate/runtime';
import { backends, chooseBackend, createIptables } from './backend.ts';
import type { Backend, Saved } from './backend.ts';
import type { RunCommand } from './commands.ts';
import { withoutConnectionLimit } from './connection-limit.ts';
import { flushFlows, flushRedirected } from './conntrack.ts';
import { findFaults, foreignRules } from './faults.ts';
import type { Fault } from './faults.ts';
import type { Family } from './metadata-addresses.ts';
import { countLed, countPackets } from './packets.ts';
import type { Packets } from './packets.ts';
import { layers } from './rule.ts';
import type { FamilyPlan, Layer } from './rule.ts';
import { removalInput } from './restore-input.ts';
import { settleRoutes } from './route-layer.ts';
import { createRoutes } from './routes.ts';
import { settleTables } from './table-layers.ts';
import type { LimitFaults } from './table-layers.ts';

export interface InterceptionDeps {
  readonly run: RunCommand;
  readonly plan: readonly FamilyPlan[];
  /** Those that the kernel has; no other is laid. */
  readonly families: readonly Family[];
  /** 'auto': the one that kubelet and kube-proxy use. */
  readonly backend: Backend | 'auto';
  readonly log: Log;
  /** False: there is no table of the legacy back end, which need not be listed then. */
  readonly hasTables: (family: Family) => boolean;
}

/** What was found, and what came of mending it. */
export interface Settled {
  readonly backend: Backend;
  /** What was not as planned. */
  readonly mended: readonly Fault[];
  /** What still is not. */
  readonly left: readonly Fault[];
  readonly layers: Readonly<Record<Layer, boolean>>;
  /** Why new connections are not limited; undefined: they are. No layer depends on it. */
  readonly limitFault: string | undefined;
  /** Rules of others for a metadata address. */
  readonly foreign: readonly string[];
  /** Since our rules were laid last. */
  readonly packets: Packets;
  readonly led: Readonly<Record<Family, number>>;
}

export interface Interception {
  /**
   * Reads the rules, repairs what is not as planned, and reads again. `flushAll`: flows that others lead elsewhere are
   * forgotten too, but only if our chain in nat had to be repaired: else nobody could lead any. `retryLimit`: by default true;
   * false: a limit of new connections that could not be installed is not tried again. Rejects if the tables cannot be read.
   */
  readonly settle: (options?: {
    readonly flushAll?: boolean;
    readonly retryLimit?: boolean;
  }) => Promise<Settled>;
  /**
   * True if iptables' rules of this back end are as planned: less work than `settle`, and nothing is repaired. Rejects if they cannot
   * be read.
   */
  readonly areTablesInOrder: (backend: Backend) => Promise<boolean>;
  /** Removes exactly ours, from both back ends. Rejects, after all else, with what could not be removed. */
  readonly remove: () => Promise<void>;
}

/** The rules of this process's network namespace: read, laid, mended, removed. */
export function createInterception(deps: InterceptionDeps): Interception {
  const { run, log, families, hasTables } = deps;
  const plan = deps.plan.filter(({ family }) => families.includes(family));
  const routes = createRoutes({ run });
  const iptables = {
    nft: createIptables({ run, families, hasTables, backend: 'nft' }),
    legacy: createIptables({ run, families, hasTables, backend: 'legacy' }),
  };

  let limitFaults: LimitFaults = new Map();

  async function settle({ flushAll = false, retryLimit = true } = {}): Promise<Settled> {
    const outcomes = [];
    for (const one of plan) outcomes.push(await settleRoutes(routes, one));
    const there = await saveBoth();
    const backend = deps.backend === 'auto' ? chooseBackend(there.saved) : deps.backend;
    const tables = await settleTables(
      iptables[backend],
      { plan, limitFaults: retryLimit ? new Map() : limitFaults },
      there.saved[backend] ?? there.fail(backend),
    );
    limitFaults = tables.limitFaults;
    const other = backend === 'nft' ? 'legacy' : 'nft';
    await removeFrom(other, there.saved[other]).catch((error: unknown) => {
      log.warn('rules of the other back end not removed', { backend: other, error: describeError(error) });
    });
    const mended = [...outcomes.flatMap((outcome) => outcome.mended), ...tables.mended];
    const left = [...outcomes.flatMap((outcome) => outcome.left), ...tables.left];
    // Or Pods' requests to a running agent would be cut by an upgrade that changes another layer.
    const all = flushAll && mended.some(({ layer }) => layer === 'nat');
    if (mended.length > 0) for (const one of plan) await flushFlows({ run, log }, one, all);
    if (mended.some(({ layer }) => layer === 'ports'))
      for (const one of plan) await flushRedirected({ run, log }, one);
    return {
      backend,
      mended,
      left,
      layers: layersWithout(left),
      limitFault: [...limitFaults.values()][0],
      foreign: plan.flatMap((one) => foreignRules(one, tables.saved[one.family])),
      packets: countPackets(plan, tables.saved),
      led: countLed(plan, tables.saved),
    };
  }

  async function saveBoth() {
    const outcomes = await Promise.allSettled(backends.map((backend) => iptables[backend].save()));
    const [nft, legacy] = outcomes.map((one) => (one.status === 'fulfilled' ? one.value : undefined));
    const errors = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    for (const error of errors) log.debug('iptables back end not read', { error: describeError(error) });
    return {
      saved: { nft, legacy },
      fail(backend: Backend): never {
        const what = deps.backend === 'auto' ? 'iptables-nft nor iptables-legacy' : `iptables-${backend}`;
        throw new AggregateError(
          errors,
          `no ${what} can be read; it needs these programs, root and CAP_NET_ADMIN`,
        );
      },
    };
  }

  async function removeFrom(backend: Backend, there: Saved | undefined): Promise<void> {
    for (const family of families) {
      const input = removalInput(there?.[family] ?? new Map());
      if (input === '') continue;
      await iptables[backend].restore(family, input);
      log.info('rules removed', { backend, family });
    }
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
      return plan.every((one) => {
        const wanted = limitFaults.has(one.family) ? withoutConnectionLimit(one) : one;
        return findFaults(wanted, saved?.[one.family] ?? new Map()).length === 0;
      });
    },
    async remove() {
      const outcomes = await Promise.allSettled([
        removeRoutes(),
        ...backends.map(async (backend) => removeFrom(backend, await iptables[backend].save())),
      ]);
      const faults = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
      if (faults.length > 0) throw new AggregateError(faults, 'not everything was removed');
    },
  };
}

function layersWithout(left: readonly Fault[]): Readonly<Record<Layer, boolean>> {
  const isWhole = (layer: Layer) => !left.some((fault) => fault.layer === layer);
  return Object.fromEntries(layers.map((layer) => [layer, isWhole(layer)])) as Record<Layer, boolean>;
}
