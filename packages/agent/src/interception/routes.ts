import { isIPv6 } from 'node:net';
import type { RunCommand } from './commands.ts';
import { outputOf } from './commands.ts';
import { metadataAddresses } from './rules/metadata-addresses.ts';
import type { Family } from './rules/metadata-addresses.ts';
import type { RouteRule } from './rules/rule.ts';
import { LET_PASS_PRIORITY, PROHIBIT_PRIORITY } from './rules/plan.ts';

/** `ip rule` of this network namespace. */
export interface Routes {
  /** Ours: at our priorities, to the metadata address, with no other selector. Rejects with what `ip` said. */
  readonly list: (family: Family) => Promise<readonly RouteRule[]>;
  readonly add: (family: Family, rule: RouteRule) => Promise<void>;
  /** Does nothing if it is not there. Rejects if another program's rule would be removed in its place. */
  readonly remove: (family: Family, rule: RouteRule) => Promise<void>;
}

const FLAG: Readonly<Record<Family, string>> = { ipv4: '-4', ipv6: '-6' };
/**
 * The mark of our rules (rtnetlink's `rtm_protocol`; nobody in iproute2's rt_protos has it). By it the kernel takes our rule out and
 * no other: without it `ip rule del` removes the first rule that has what was named, whatever else that one selects by. It is also
 * why a rule of another program that differs by `not` alone, which the kernel does not compare, does not keep ours out. Rules of
 * Rolegate 0.1 have none.
 */
const OUR_PROTOCOL = '82';

/** By iproute2's `ip`. */
export function createRoutes({ run }: { readonly run: RunCommand }): Routes {
  async function rows(family: Family): Promise<readonly Row[]> {
    return parseRows(outputOf('ip', await run('ip', ['-json', FLAG[family], 'rule', 'show'])), family);
  }

  async function change(family: Family, verb: 'add' | 'del', args: readonly string[]): Promise<void> {
    const { code, stderr } = await run('ip', [FLAG[family], 'rule', verb, ...args]);
    // Somebody was faster: another agent's reconcile in an upgrade, for example.
    const isDone = verb === 'add' ? stderr.includes('File exists') : stderr.includes('No such file');
    if (code !== 0 && !isDone) throw new Error(`ip rule ${verb}: ${stderr}`);
  }

  return {
    list: async (family) => ownRules(await rows(family)),
    add: (family, rule) => change(family, 'add', [...ruleArgs(rule), 'protocol', OUR_PROTOCOL]),
    async remove(family, rule) {
      const all = await rows(family);
      for (const [at, row] of all.entries()) {
        if (row.kind !== 'ours' || !isSame(row.rule, rule)) continue;
        if (row.marked) await change(family, 'del', [...ruleArgs(rule), 'protocol', OUR_PROTOCOL]);
        else if (all.slice(0, at).some(({ kind }) => kind === 'similar')) throw new Error(SIMILAR_BEFORE);
        else await change(family, 'del', ruleArgs(rule));
      }
    },
  };
}

const SIMILAR_BEFORE =
  "an ip rule of Rolegate 0.1 is behind another program's at the same priority and to the same address, which would be removed in its place";

/** One rule that names our priorities and the metadata address. */
type Row =
  | { readonly kind: 'ours'; readonly rule: RouteRule; readonly marked: boolean }
  /** Of another program: it selects by something else too, or does something else. */
  | { readonly kind: 'similar' };

/** What `ip -json rule show` prints, as far as it is ours. */
export function parseRouteRules(json: string, family: Family): readonly RouteRule[] {
  return ownRules(parseRows(json, family));
}

function ownRules(all: readonly Row[]): readonly RouteRule[] {
  return all.flatMap((row) => (row.kind === 'ours' ? [row.rule] : []));
}

function parseRows(json: string, family: Family): readonly Row[] {
  const all: unknown = json.trim() === '' ? [] : JSON.parse(json);
  if (!Array.isArray(all)) return [];
  return all.flatMap((entry: unknown): Row[] => {
    const fields = Object(entry) as Record<string, unknown>;
    const { priority, dst } = fields;
    const isOurPlace = priority === LET_PASS_PRIORITY || priority === PROHIBIT_PRIORITY;
    if (!isOurPlace || dst !== metadataAddresses[family]) return [];
    return [rowOf({ ...fields, priority, dst })];
  });
}

/** Ours has these fields and no other: what a newer `ip` prints besides may be a selector. */
function rowOf({ priority, dst, ...fields }: Named & Record<string, unknown>): Row {
  const { src, iif, action, table, protocol, ...rest } = fields;
  // Not a selector: the interface is not there now.
  const others = Object.keys(rest).filter((key) => key !== 'iif_detached');
  const isPlain = src === 'all' && others.length === 0;
  const isOurProtocol =
    protocol === undefined || protocol === OUR_PROTOCOL || protocol === Number(OUR_PROTOCOL);
  const rule = isPlain && isOurProtocol ? ruleOf({ priority, dst }, { iif, action, table }) : undefined;
  return rule === undefined ? { kind: 'similar' } : { kind: 'ours', rule, marked: protocol !== undefined };
}

interface Named {
  readonly priority: number;
  readonly dst: string;
}

/** The two forms that ours have. */
function ruleOf(
  { priority, dst: to }: Named,
  { iif, action, table }: Record<'iif' | 'action' | 'table', unknown>,
): RouteRule | undefined {
  const letsPass = typeof iif === 'string' && action === undefined && table === 'main';
  if (priority === LET_PASS_PRIORITY) return letsPass ? { priority, to, iif, action: 'main' } : undefined;
  const prohibits = iif === undefined && action === 'prohibit' && table === undefined;
  return prohibits ? { priority, to, action: 'prohibit' } : undefined;
}

function isSame(one: RouteRule, other: RouteRule): boolean {
  return one.priority === other.priority && one.iif === other.iif && one.action === other.action;
}

function ruleArgs({ priority, to, iif, action }: RouteRule): string[] {
  return [
    'priority',
    String(priority),
    ...(iif === undefined ? [] : ['iif', iif]),
    'to',
    to,
    ...(action === 'main' ? ['lookup', 'main'] : ['prohibit']),
  ];
}

/** What the kernel would do with a Pod's packet to the metadata address, rules of netfilter aside. */
export type KernelAnswer =
  | { readonly kind: 'prohibited' }
  /** It would be sent on: the route layer denies nothing. */
  | { readonly kind: 'routed'; readonly route: string }
  /** It cannot be asked for this address, e.g. because the Pod has just gone. */
  | { readonly kind: 'unknown'; readonly why: string };

/** Asks by `ip route get`, as if the packet came in by the Pod's interface. Nothing is sent. */
export async function askKernel(
  run: RunCommand,
  podIp: string,
  excluded: readonly string[],
): Promise<KernelAnswer> {
  const family = isIPv6(podIp) ? 'ipv6' : 'ipv4';
  const flag = family === 'ipv6' ? '-6' : '-4';
  const toPod = await run('ip', [flag, 'route', 'get', podIp]);
  const device = / dev (\S+)/.exec(toPod.stdout)?.[1];
  if (toPod.code !== 0 || device === undefined) return { kind: 'unknown', why: toPod.stderr };
  if (device === 'lo' || excluded.includes(device)) return { kind: 'unknown', why: `it is behind ${device}` };
  const to = metadataAddresses[family];
  const { code, stdout, stderr } = await run('ip', [flag, 'route', 'get', to, 'from', podIp, 'iif', device]);
  // EACCES is what a prohibit rule answers (ip-rule(8)).
  if (stderr.includes('Permission denied') || stdout.startsWith('prohibit')) return { kind: 'prohibited' };
  return code === 0 && stdout !== ''
    ? { kind: 'routed', route: stdout.trim() }
    : { kind: 'unknown', why: stderr };
}
