import { withUnusedTable } from './connection-limit.ts';
import type { Chain, FamilyPlan } from './rule.ts';
import { ownChains } from './plan.ts';
import type { SavedTable, SavedTables } from './saved-rules.ts';

/** Comments in rules are quoted and must contain no quotes or backslashes. */
const COMMENT = (comment: string): string => `-m comment --comment "${comment.replace(/["\\]/g, "'")}"`;

/**
 * The input of `iptables-restore --noflush` that brings our chains to the plan from any state. Each table changes atomically,
 * and rules of others stay. Filter comes first: deny before redirecting.
 */
export function restoreInput({ chains }: FamilyPlan, saved: SavedTables): string {
  const installed = chains.map((chain) => ({
    ...chain,
    rules: chain.rules.map((rule) => ({ ...rule, match: withUnusedTable(rule.match, saved) })),
  }));
  return tablesInput(saved, (table) => installed.filter((chain) => chain.table === table));
}

/** The input of `iptables-restore --noflush` that removes exactly our rules; '' if there are none. */
export function removalInput(saved: SavedTables): string {
  return tablesInput(saved, () => []);
}

function tablesInput(saved: SavedTables, wantedIn: (table: string) => readonly Chain[]): string {
  return ['filter', 'nat']
    .flatMap((table) => {
      const lines = tableLines(table, saved.get(table) ?? new Map(), wantedIn(table));
      return lines.length === 0 ? [] : [`*${table}`, ...lines, 'COMMIT'];
    })
    .map((line) => `${line}\n`)
    .join('');
}

function tableLines(name: string, table: SavedTable, wanted: readonly Chain[]): string[] {
  const own = ownChains.filter((chain) => chain.table === name).map((chain) => chain.name);
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
