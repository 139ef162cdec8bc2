import type { Chain, FamilyPlan, Jump, Layer, RouteRule } from './rule.ts';
import { chainsUnder, ownChains } from './plan.ts';
import { ruleKey, ruleOptions } from './saved-rules.ts';
import type { SavedRule, SavedTable, SavedTables } from './saved-rules.ts';
import { jumpOf, mayRedirect, mayTake, namesAddress } from './taking-rules.ts';
import type { Packet } from './taking-rules.ts';

/** A difference between our rules and the plan. */
export interface Fault {
  readonly layer: Layer;
  /** For the log: what is wrong. */
  readonly message: string;
}

const NO_TABLE: SavedTable = new Map();

/** Differences between the output of iptables-save and the plan. Pure. The message names IPv6; without a word it is IPv4. */
export function findFaults(plan: FamilyPlan, saved: SavedTables): readonly Fault[] {
  const faults = faultsOf(plan, saved);
  if (plan.family === 'ipv4') return faults;
  return faults.map(({ layer, message }) => ({ layer, message: `IPv6: ${message}` }));
}

function faultsOf(plan: FamilyPlan, saved: SavedTables): readonly Fault[] {
  const { chains } = plan;
  const wanted = chains.flatMap((chain) => {
    const table = saved.get(chain.table) ?? NO_TABLE;
    return [...chainFaults(chain, table), ...chain.jumps.flatMap((jump) => jumpFaults(chain, jump, table))];
  });
  const unwanted = chainsUnder(plan).flatMap(({ table, name, layer }): Fault[] =>
    saved.get(table)?.has(name) === true && !chains.some((chain) => chain.name === name)
      ? [{ layer, message: `chain ${name} exists but is not needed` }]
      : [],
  );
  return [...wanted, ...unwanted];
}

/** Differences between the output of `ip rule` and the plan. Pure. */
export function findRouteFaults({ routes }: FamilyPlan, present: readonly RouteRule[]): readonly RouteRule[] {
  return routes.filter((route) => !present.some((other) => routeKey(other) === routeKey(route)));
}

/** Equal for two route rules that do the same in the same place. */
export function routeKey({ priority, to, iif = '', action }: RouteRule): string {
  return [priority, to, iif, action].join(' ');
}

/** Rules of others for exactly the metadata address, as `-t TABLE -A CHAIN …`: left-overs of kiam, kube2iam and the like. */
export function foreignRules({ address }: FamilyPlan, saved: SavedTables): readonly string[] {
  return [...saved].flatMap(([name, table]) =>
    [...table.values()].flat().flatMap((rule) => {
      if (!rule.text.includes(address)) return [];
      const isOurs = isOwnChain(name, rule.chain) || isOwnChain(name, jumpOf(rule, table) ?? '');
      return !isOurs && namesAddress(rule, address) ? [`-t ${name} -A ${rule.chain} ${rule.text}`] : [];
    }),
  );
}

/** True for a chain that is ours. */
function isOwnChain(table: string, chain: string): boolean {
  return ownChains.some((own) => own.table === table && own.name === chain);
}

function chainFaults({ layer, name, rules }: Chain, table: SavedTable): readonly Fault[] {
  const found = table.get(name);
  if (found === undefined) return [{ layer, message: `chain ${name} is missing` }];
  const isSame =
    found.length === rules.length &&
    rules.every(({ match }, at) => keyOf(match) === ruleKey(found[at]?.options ?? new Map()));
  return isSame ? [] : [{ layer, message: `chain ${name} has different rules` }];
}

function jumpFaults(
  { layer, name, rules, address }: Chain,
  { base, match }: Jump,
  table: SavedTable,
): readonly Fault[] {
  const all = table.get(base) ?? [];
  const at = all.findIndex(({ options }) => ruleKey(options) === keyOf(match));
  if (at < 0) return [{ layer, message: `${base} does not jump to ${name}` }];
  const above = all
    .slice(0, at)
    .find((rule) =>
      layer === 'ports'
        ? guardedPackets(match, rules).some((packet) => mayRedirect(rule, table, packet))
        : takesFrom({ rule, base, table, jump: match, address }),
    );
  return above === undefined ? [] : [{ layer, message: `in ${base}, above our rule: ${above.text}` }];
}

/** The first packets of connections to the guarded ports. */
function guardedPackets(jump: string, rules: Chain['rules']): readonly Packet[] {
  const destination = ruleOptions(jump).get('-d') ?? '';
  return rules.map(({ match }) => ({
    destination,
    tcpPort: Number(ruleOptions(match).get('--dport')),
    local: true,
  }));
}

interface Above {
  readonly rule: SavedRule;
  readonly base: Jump['base'];
  readonly table: SavedTable;
  /** Our jump. */
  readonly jump: string;
  readonly address: string;
}

/**
 * A rule above ours is a fault if it may match our packets itself, or jumps to a chain that names the metadata address. Other
 * jumps are not faults: kube-proxy and network plugins keep moving theirs to the top, and would fight with us forever.
 */
function takesFrom({ rule, base, table, jump, address }: Above): boolean {
  const target = jumpOf(rule, table);
  if (target !== undefined) return chainNames(target, table, address, new Set());
  const isHarmless = base === 'FORWARD' && ['DROP', 'REJECT'].includes(rule.options.get('-j') ?? '');
  return !isHarmless && mayTake(rule, packetFor(base, jump, address));
}

/** The first packet of a flow that our rule in this chain handles. */
function packetFor(base: Jump['base'], jump: string, address: string): Packet {
  if (base === 'PREROUTING') return { destination: address, tcpPort: 80, local: false };
  if (base === 'FORWARD') return { destination: address, local: false };
  const options = ruleOptions(jump);
  return { destination: options.get('-d') ?? '', tcpPort: Number(options.get('--dport')), local: true };
}

function chainNames(chain: string, table: SavedTable, address: string, seen: Set<string>): boolean {
  if (seen.has(chain)) return false;
  seen.add(chain);
  return (table.get(chain) ?? []).some((rule) => {
    const target = jumpOf(rule, table);
    return namesAddress(rule, address) || (target !== undefined && chainNames(target, table, address, seen));
  });
}

function keyOf(match: string): string {
  return ruleKey(ruleOptions(match));
}
