import { isIPv6 } from 'node:net';
import { containerCredentials } from '@rolegate/protocol';
import type { RunCommand } from './commands.ts';
import { outputOf } from './commands.ts';
import { metadataAddresses } from './rules/metadata-addresses.ts';
import type { Family } from './rules/metadata-addresses.ts';
import { routeKey } from './rules/faults.ts';
import type { RouteRule } from './rules/rule.ts';
import { LET_PASS_PRIORITY, PROHIBIT_PRIORITY } from './rules/priorities.ts';

/** `ip rule` of this network namespace. */
export interface Routes {
  /** Our rules: with our priorities, to one of our addresses, without other selectors. Rejects with the error output of `ip`. */
  readonly list: (family: Family) => Promise<readonly RouteRule[]>;
  readonly add: (family: Family, rule: RouteRule) => Promise<void>;
  /** Does nothing if the rule does not exist. Rejects if it would remove another program's rule instead. */
  readonly remove: (family: Family, rule: RouteRule) => Promise<void>;
}

const FLAG: Readonly<Record<Family, string>> = { ipv4: '-4', ipv6: '-6' };
/**
 * Marks our rules (rtnetlink's `rtm_protocol`; unused in iproute2's rt_protos). With it the kernel deletes exactly our rule;
 * without it `ip rule del` deletes the first rule that has the named selectors, whatever else it selects by. It also allows our
 * rule next to another program's that differs only by `not`, which the kernel does not compare. Rules of Rolegate 0.1 have
 * none.
 */
const OUR_PROTOCOL = '82';

/** Implemented with iproute2's `ip`. */
export function createRoutes({ run }: { readonly run: RunCommand }): Routes {
  async function rows(family: Family): Promise<readonly Row[]> {
    return parseRows(outputOf('ip', await run('ip', ['-json', FLAG[family], 'rule', 'show'])), family);
  }

  async function change(family: Family, verb: 'add' | 'del', args: readonly string[]): Promise<void> {
    const { code, stderr } = await run('ip', [FLAG[family], 'rule', verb, ...args]);
    // Another process was faster, such as another agent's reconcile during an upgrade.
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

/** A rule with our priorities and one of our addresses. */
type Row =
  | { readonly kind: 'ours'; readonly rule: RouteRule; readonly marked: boolean }
  /** Another program's rule: it has other selectors or another action. */
  | { readonly kind: 'similar' };

/** Our rules in the output of `ip -json rule show`. */
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
    const address = ourAddresses(family).find((one) => one === dst);
    return isOurPlace && address !== undefined ? [rowOf({ ...fields, priority, dst: address })] : [];
  });
}

function ourAddresses(family: Family): readonly string[] {
  return [metadataAddresses[family], containerCredentials.addresses[family]];
}

/** Our rules have exactly these fields: anything else that a newer `ip` prints may be a selector. */
function rowOf({ priority, dst, ...fields }: Named & Record<string, unknown>): Row {
  const { src, iif, action, table, protocol, ...rest } = fields;
  // Not a selector: the interface does not exist at present.
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

/** The forms of our rules: to the metadata address for an interface, to that of the endpoint for all, and the prohibition. */
function ruleOf(
  { priority, dst: to }: Named,
  { iif, action, table }: Record<'iif' | 'action' | 'table', unknown>,
): RouteRule | undefined {
  if (priority === PROHIBIT_PRIORITY) {
    const prohibits = iif === undefined && action === 'prohibit' && table === undefined;
    return prohibits ? { priority, to, action: 'prohibit' } : undefined;
  }
  if (action !== undefined) return undefined;
  if (isEndpoint(to))
    return iif === undefined && table === 'local' ? { priority, to, action: 'local' } : undefined;
  return typeof iif === 'string' && table === 'main' ? { priority, to, iif, action: 'main' } : undefined;
}

function isEndpoint(address: string): boolean {
  return Object.values(containerCredentials.addresses).some((one) => one === address);
}

function isSame(one: RouteRule, other: RouteRule): boolean {
  return routeKey(one) === routeKey(other);
}

function ruleArgs({ priority, to, iif, action }: RouteRule): string[] {
  return [
    'priority',
    String(priority),
    ...(iif === undefined ? [] : ['iif', iif]),
    'to',
    to,
    ...(action === 'prohibit' ? [action] : ['lookup', action]),
  ];
}

/** What the kernel would do with a Pod's packet to the metadata address, apart from netfilter. */
export type KernelAnswer =
  | { readonly kind: 'prohibited' }
  /** It would forward it: the route layer denies nothing. */
  | { readonly kind: 'routed'; readonly route: string }
  /** Not known for this address, for example because the Pod has just been deleted. */
  | { readonly kind: 'unknown'; readonly why: string };

/** Uses `ip route get` as if the packet arrived on the Pod's interface. Sends nothing. */
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
  // A prohibit rule answers EACCES (ip-rule(8)).
  if (stderr.includes('Permission denied') || stdout.startsWith('prohibit')) return { kind: 'prohibited' };
  return code === 0 && stdout !== ''
    ? { kind: 'routed', route: stdout.trim() }
    : { kind: 'unknown', why: stderr };
}
