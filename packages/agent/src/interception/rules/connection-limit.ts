import type { Family } from './metadata-addresses.ts';
import type { FamilyPlan, Rule } from './rule.ts';
import type { SavedTables } from './saved-rules.ts';

/** New connections that one address may open per second, and at once (DESIGN.md 4.11). */
const PER_SECOND = 200;
const BURST = 512;
/**
 * New connections of all addresses that are counted by address, per second and at once: the maximum of xt_limit. It bounds the
 * table below. The kernel drops what it cannot count (xt_hashlimit.c: hotdrop at htable-max), so without it a flood from
 * made-up addresses would lock everyone out.
 */
const COUNTED_PER_SECOND = 10_000;
/** An idle bucket is full again after 512 / 200 = 2.56 s and need not be remembered longer. Milliseconds. */
const REMEMBERED_MS = 3_000;
/**
 * Entries take 120 bytes each. Each of the two ports that share the table can add 50,000: 10,000 at once and 10,000/s for 4 s.
 * The rest allows for late clean-up.
 */
const TABLE_SIZE = { buckets: 16_384, addresses: 262_144 };
/** The list of addresses over the limit. One per family, because a list has one mask. */
const OVER_LIMIT: Readonly<Record<Family, string>> = { ipv4: 'rolegate', ipv6: 'rolegate6' };
/** The table's name in the plan; a number is appended when it is installed. All ports share it: their limit is one. */
const TABLE_NAME = 'rolegate';

/**
 * Drops new connections to this address, redirected or not, from an address that opens too many (reasons in docs/adr/0007-interception.md). The first
 * rule sees all of them and creates no entries; the second creates entries, for a bounded number.
 */
export function connectionLimitRules(family: Family, address: string): readonly Rule[] {
  const isNew = `-m conntrack --ctstate NEW --ctorigdst ${address}`;
  const list = `-m recent --name ${OVER_LIMIT[family]}`;
  const counted = `-m limit --limit ${COUNTED_PER_SECOND}/sec --limit-burst ${COUNTED_PER_SECOND}`;
  const isAbove = [
    `-m hashlimit --hashlimit-above ${PER_SECOND}/sec --hashlimit-burst ${BURST} --hashlimit-mode srcip`,
    `--hashlimit-name ${TABLE_NAME} --hashlimit-htable-size ${TABLE_SIZE.buckets}`,
    `--hashlimit-htable-max ${TABLE_SIZE.addresses} --hashlimit-htable-expire ${REMEMBERED_MS}`,
  ].join(' ');
  return [
    {
      match: `${isNew} ${list} --rcheck --seconds 1 -j DROP`,
      comment: 'from an address that was over the limit within the last second',
      limitsConnections: true,
    },
    {
      match: `${isNew} ${counted} ${isAbove} ${list} --set -j DROP`,
      comment: `more than ${PER_SECOND} new connections a second, ${BURST} at once, from one address`,
      limitsConnections: true,
    },
  ];
}

/** False for a family that is only denied. */
export function hasConnectionLimit({ chains }: FamilyPlan): boolean {
  return chains.some(({ rules }) => rules.some(({ limitsConnections }) => limitsConnections));
}

/** For a kernel or an iptables without the required modules. */
export function withoutConnectionLimit(plan: FamilyPlan): FamilyPlan {
  const chains = plan.chains.map((chain) => ({
    ...chain,
    rules: chain.rules.filter(({ limitsConnections }) => limitsConnections !== true),
  }));
  return { ...plan, chains };
}

/**
 * The match with a table name that no rule uses. A table keeps its parameters as long as any rule uses its name
 * (xt_hashlimit.c: htable_find_get), and the rules being replaced still exist when ours are checked.
 */
export function withUnusedTable(match: string, saved: SavedTables): string {
  if (!match.includes(`--hashlimit-name ${TABLE_NAME} `)) return match;
  const texts = [...saved.values()].flatMap((table) => [...table.values()].flat().map(({ text }) => text));
  const used = new Set(texts.map((text) => /--hashlimit-name (\S+)/.exec(text)?.[1]));
  let number = 1;
  while (used.has(`${TABLE_NAME}-${number}`)) number++;
  return match.replace(`--hashlimit-name ${TABLE_NAME} `, `--hashlimit-name ${TABLE_NAME}-${number} `);
}
