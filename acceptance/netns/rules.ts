import { outputOf } from '@rolegate/testing';

export const backends = ['nft', 'legacy'] as const;
export type Backend = (typeof backends)[number];

/** Rules of other tools: input of `iptables-restore --noflush` and arguments of `ip`. */
export interface ToolRules {
  /** For both families or only one. */
  readonly tables: Readonly<Record<'both' | 'ipv4', string>> & { readonly ipv6?: string };
  readonly ipRules: readonly string[];
}

const families = {
  ipv4: { iptables: 'iptables', ip: '-4' },
  ipv6: { iptables: 'ip6tables', ip: '-6' },
} as const;
type Family = keyof typeof families;
const familyNames = ['ipv4', 'ipv6'] as const;

/** Output of `iptables-save` and `ip rule`, by family and backend. */
export type Snapshot = Readonly<Record<string, string>>;

/** All rules in the network namespace, without comments and counters. */
export async function takeSnapshot(enter: readonly string[]): Promise<Snapshot> {
  const found: Record<string, string> = {};
  for (const family of familyNames) {
    for (const backend of backends) found[`${family} ${backend}`] = plain(await save(enter, backend, family));
    found[`${family} ip rule`] = await outputOf([...enter, 'ip', families[family].ip, 'rule']);
  }
  return found;
}

/** The differences in diff style; '' if there are none. */
export function snapshotDifference(before: Snapshot, after: Snapshot): string {
  return Object.keys(before)
    .flatMap((name) => {
      const [old, now] = [before[name]?.split('\n') ?? [], after[name]?.split('\n') ?? []];
      if (old.join() === now.join()) return [];
      const removed = old.filter((line) => !now.includes(line)).map((line) => `-${line}`);
      const added = now.filter((line) => !old.includes(line)).map((line) => `+${line}`);
      return [`${name}: ${[...removed, ...added].join(' | ') || 'the order of rules'}`];
    })
    .join('; ');
}

/** Adds rules and keeps the existing ones. */
export async function addRules(
  enter: readonly string[],
  backend: Backend,
  { tables, ipRules }: ToolRules,
): Promise<void> {
  await restore(enter, backend, 'ipv4', ['--noflush'], tables.both);
  if (tables.ipv4 !== '') await restore(enter, backend, 'ipv4', ['--noflush'], tables.ipv4);
  await restore(enter, backend, 'ipv6', ['--noflush'], tables.both);
  if (tables.ipv6 !== undefined) await restore(enter, backend, 'ipv6', ['--noflush'], tables.ipv6);
  for (const rule of ipRules) await outputOf([...enter, 'ip', ...rule.split(' ')]);
}

/** Replaces all tables with a state from `saveTables`. */
export async function restoreTables(
  enter: readonly string[],
  backend: Backend,
  saved: Readonly<Record<Family, string>>,
): Promise<void> {
  for (const family of familyNames) await restore(enter, backend, family, [], saved[family]);
}

export async function saveTables(
  enter: readonly string[],
  backend: Backend,
): Promise<Record<Family, string>> {
  return { ipv4: await save(enter, backend, 'ipv4'), ipv6: await save(enter, backend, 'ipv6') };
}

/** Runs one command for both families. */
export async function iptables(
  enter: readonly string[],
  backend: Backend,
  args: readonly string[],
): Promise<void> {
  for (const family of familyNames)
    await outputOf([...enter, `${families[family].iptables}-${backend}`, '-w', '5', ...args]);
}

function save(enter: readonly string[], backend: Backend, family: Family): Promise<string> {
  return outputOf([...enter, `${families[family].iptables}-${backend}-save`]);
}

async function restore(
  enter: readonly string[],
  backend: Backend,
  family: Family,
  how: readonly string[],
  input: string,
): Promise<void> {
  const command = `${families[family].iptables}-${backend}-restore`;
  await outputOf([...enter, command, '-w', '5', ...how], { input });
}

/** Removes comments, counters, and tables without rules and custom chains. */
function plain(saved: string): string {
  return saved
    .split(/^(?=\*)/m)
    .map((table) =>
      table
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('#'))
        .map((line) => line.replace(/ \[\d+:\d+\]$/, '')),
    )
    .filter((lines) => lines.some((line) => line.startsWith('-A') || /^:\S+ (?!ACCEPT)/.test(line)))
    .map((lines) => lines.join('\n'))
    .join('\n');
}

interface OfNode {
  /** The command that enters the node. */
  readonly node: readonly string[];
  readonly backend: Backend;
}

/** The printed rules of ROLEGATE-INPUT with counters. */
export async function inputRules({ node, backend }: OfNode, family: Family): Promise<string[]> {
  const saved = await outputOf([
    ...node,
    `${families[family].iptables}-${backend}-save`,
    '-c',
    '-t',
    'filter',
  ]);
  return saved.split('\n').filter((line) => line.includes('-A ROLEGATE-INPUT '));
}

/** The number of connection attempts that the limit has dropped since the rules were installed. */
export async function refusedBy(world: OfNode, family: Family): Promise<number> {
  const dropped = (await inputRules(world, family)).filter(
    (rule) => rule.includes('--ctstate NEW') && rule.endsWith('-j DROP'),
  );
  if (dropped.length === 0) throw new Error(`no rule limits new connections by ${family}`);
  return dropped.reduce((sum, rule) => sum + Number(/^\[(\d+):/.exec(rule)?.[1]), 0);
}
