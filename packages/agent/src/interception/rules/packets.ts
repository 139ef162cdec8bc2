import type { Saved, SavedRule } from './saved-rules.ts';
import { ruleKey, ruleOptions } from './saved-rules.ts';
import type { Family } from './metadata-addresses.ts';
import { GUEST } from './plan.ts';
import type { Chain, FamilyPlan, RuleLayer } from './rule.ts';

/** Packets that matched our rules since they were installed. */
export interface Packets extends Readonly<Record<RuleLayer, number>> {
  /** Connections redirected to the agent, of both families. */
  readonly nat: number;
  /** Attempts to reach a metadata address that were not redirected to the agent, and so denied. */
  readonly route: number;
  /** Packets rejected. */
  readonly filter: number;
  /** Packets dropped that were sent directly to the agent's port, or to container credentials from outside the node. */
  readonly input: number;
  /** Connections to the agent's ports that no other rule could redirect. */
  readonly ports: number;
  /** New connections dropped because their address exceeded the limit; each retry of a connection counts. */
  readonly refused: number;
}

/** The counters of our rules. Pure. */
export function countPackets(plan: readonly FamilyPlan[], saved: Saved): Packets {
  const packets = { nat: 0, filter: 0, route: 0, input: 0, ports: 0, refused: 0 };
  for (const { family, chains } of plan) {
    for (const { table, name, jumps, layer, rules } of chains) {
      const there = saved[family].get(table);
      const own = there?.get(name) ?? [];
      const refused = sum(own.filter(limitIn(rules)), ['DROP']);
      const taken = sum(own, layer === 'ports' ? ['ACCEPT'] : ['DNAT', 'REJECT', 'DROP']) - refused;
      packets[layer] += taken;
      packets.refused += refused;
      if (layer !== 'nat') continue;
      const guests = sum(own.slice(0, rules.filter(({ comment }) => comment === GUEST).length), ['RETURN']);
      const came = jumps.flatMap(({ base }) => there?.get(base) ?? []);
      packets.route += Math.max(0, sum(came, [name]) - taken - guests);
    }
  }
  return packets;
}

/** Connections redirected by the DNAT rules, by family; 0 if none are installed. Pure. */
export function countRedirected(plan: readonly FamilyPlan[], saved: Saved): Readonly<Record<Family, number>> {
  const redirected = { ipv4: 0, ipv6: 0 };
  for (const one of plan) redirected[one.family] = countPackets([one], saved).nat;
  return redirected;
}

function limitIn(rules: Chain['rules']): (rule: SavedRule) => boolean {
  const limiting = rules.filter(({ limitsConnections }) => limitsConnections);
  const keys = new Set(limiting.map(({ match }) => ruleKey(ruleOptions(match))));
  return ({ options }) => keys.has(ruleKey(options));
}

function sum(rules: readonly SavedRule[], targets: readonly string[]): number {
  const counted = rules.filter(({ options }) => targets.includes(options.get('-j') ?? ''));
  return counted.reduce((total, { packets }) => total + packets, 0);
}
