import { describeError } from '@rolegate/runtime';
import type { Iptables, Saved } from './backend.ts';
import { findFaults } from './faults.ts';
import type { Fault } from './faults.ts';
import type { Family } from './metadata-addresses.ts';
import { GUEST } from './plan.ts';
import type { FamilyPlan, Layer } from './plan.ts';
import { restoreInput } from './restore-input.ts';
import type { Mending } from './route-layer.ts';
import type { SavedRule } from './saved-rules.ts';

/** How the tables stand after they were brought to the plan. */
export interface TablesMending extends Mending {
  readonly saved: Saved;
}

/** Brings our chains of all families to the plan. Rejects only where the tables cannot be read. */
export async function settleTables(
  iptables: Iptables,
  plan: readonly FamilyPlan[],
  there: Saved,
): Promise<TablesMending> {
  const mended: Fault[] = [];
  const failed: Fault[] = [];
  for (const one of plan) {
    const found = findFaults(one, there[one.family]);
    mended.push(...found);
    if (found.length === 0) continue;
    try {
      await iptables.restore(one.family, restoreInput(one, there[one.family]));
    } catch (error) {
      // The other family's rules are laid all the same.
      const layers = new Set(found.map(({ layer }) => layer));
      failed.push(...[...layers].map((layer) => ({ layer, message: describeError(error) })));
    }
  }
  if (mended.length === 0) return { mended, left: [], saved: there };
  const saved = (await iptables.save()) ?? there;
  const left = plan.flatMap((one) => findFaults(one, saved[one.family]));
  return {
    mended,
    left: [...failed.filter(({ layer }) => left.some((fault) => fault.layer === layer)), ...left],
    saved,
  };
}

/** What came to our rules since they were laid. */
export interface Packets extends Readonly<Record<Layer, number>> {
  /** Connections led to the agent, of both families. */
  readonly nat: number;
  /** Tries to reach a metadata address that were not led to the agent, and so denied. */
  readonly route: number;
  /** Packets rejected. */
  readonly filter: number;
  /** Packets to the agent's port dropped. */
  readonly input: number;
}

/** The counters of our rules. Pure. */
export function countPackets(plan: readonly FamilyPlan[], saved: Saved): Packets {
  const packets = { nat: 0, filter: 0, route: 0, input: 0 };
  for (const { family, chains } of plan) {
    for (const { table, name, base, layer, rules } of chains) {
      const there = saved[family].get(table);
      const own = there?.get(name) ?? [];
      const taken = sum(own, ['DNAT', 'REJECT', 'DROP']);
      packets[layer] += taken;
      if (layer !== 'nat') continue;
      const guests = sum(own.slice(0, rules.filter(({ comment }) => comment === GUEST).length), ['RETURN']);
      packets.route += Math.max(0, sum(there?.get(base) ?? [], [name]) - taken - guests);
    }
  }
  return packets;
}

/** Connections that the DNAT rules have taken, by family; 0 where none are laid. Pure. */
export function countLed(plan: readonly FamilyPlan[], saved: Saved): Readonly<Record<Family, number>> {
  const led = { ipv4: 0, ipv6: 0 };
  for (const one of plan) led[one.family] = countPackets([one], saved).nat;
  return led;
}

function sum(rules: readonly SavedRule[], targets: readonly string[]): number {
  const counted = rules.filter(({ options }) => targets.includes(options.get('-j') ?? ''));
  return counted.reduce((total, { packets }) => total + packets, 0);
}
