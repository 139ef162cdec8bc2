import { withUnusedTable } from './connection-limit.ts';
import type { Chain, FamilyPlan } from './rule.ts';
import { chainsUnder, ownChains } from './plan.ts';
import type { SavedTable, SavedTables } from './saved-rules.ts';

/** Comments in rules are quoted and must contain no quotes or backslashes. */
const COMMENT = (comment: string): string => `-m comment --comment "${comment.replace(/["\\]/g, "'")}"`;

/**
 * The input of `iptables-restore --noflush` that brings our chains to the plan from any state. Each table changes atomically,
 * and rules of others stay. Filter comes first: deny before redirecting.
 */
export function restoreInput(plan: FamilyPlan, saved: SavedTables): string {
  const installed = plan.chains.map((chain) => ({
    ...chain,
    rules: chain.rules.map((rule) => ({ ...rule, match: withUnusedTable(rule.match, saved) })),
  }));
  return tablesInput(saved, chainsUnder(plan), installed);
}

/** The input of `iptables-restore --noflush` that removes exactly our rules; '' if there are none. */
export function removalInput(saved: SavedTables): string {
  return tablesInput(saved, ownChains, []);
}

/** `own`: the chains that are wanted, and those to remove if they exist. */
function tablesInput(saved: SavedTables, own: typeof ownChains, wanted: readonly Chain[]): string {
  return ['filter', 'nat']
    .flatMap((table) => {
      const lines = tableLines(
        saved.get(table) ?? new Map(),
        own.filter((chain) => chain.table === table).map(({ name }) => name),
        wanted.filter((chain) => chain.table === table),
      );
      return lines.length === 0 ? [] : [`*${table}`, ...lines, 'COMMIT'];
    })
    .map((line) => `${line}\n`)
    .join('');
}

function tableLines(table: SavedTable, own: readonly string[], wanted: readonly Chain[]): string[] {
  const there = own.filter((chain) => table.has(chain));
  const unwanted = there.filter((chain) => !wanted.some((other) => other.name === chain));
  return [
    // Declaring a chain creates it, or empties it if it exists.
    ...[...new Set([...there, ...wanted.map((chain) => chain.name)])].map((chain) => `:${chain} - [0:0]`),
    ...referencesTo(own, table),
    ...wanted.flatMap(chainLines),
    ...unwanted.map((chain) => `-X ${chain}`),
  ];
}

/** All jumps to our chains, whoever installed them: a chain with jumps cannot be removed, and a second jump is useless. */
function referencesTo(own: readonly string[], table: SavedTable): string[] {
  return [...table.values()].flat().flatMap(({ chain, text, options }) => {
    const target = options.get('-j') ?? options.get('-g') ?? '';
    return own.includes(target) && !own.includes(chain) ? [`-D ${chain} ${text}`] : [];
  });
}

function chainLines({ name, jumps, rules }: Chain): string[] {
  return [
    ...rules.map(({ match, comment }) => `-A ${name} ${COMMENT(comment)} ${match}`),
    ...jumps.map(({ base, match, comment }) => `-I ${base} 1 ${COMMENT(comment)} ${match}`),
  ];
}
