import type { RunCommand } from './commands.ts';
import { outputOf } from './commands.ts';
import type { Family } from './metadata-addresses.ts';
import { metadataAddresses } from './metadata-addresses.ts';
import type { RouteRule } from './plan.ts';
import { LET_PASS_PRIORITY, PROHIBIT_PRIORITY } from './plan.ts';

/** `ip rule` of this network namespace. */
export interface Routes {
  /** Rules that could be ours: at our priorities, to the metadata address. Rejects with what `ip` said. */
  readonly list: (family: Family) => Promise<readonly RouteRule[]>;
  readonly add: (family: Family, rule: RouteRule) => Promise<void>;
  readonly remove: (family: Family, rule: RouteRule) => Promise<void>;
}

const FLAG: Readonly<Record<Family, string>> = { ipv4: '-4', ipv6: '-6' };

/** By iproute2's `ip`. */
export function createRoutes({ run }: { readonly run: RunCommand }): Routes {
  async function change(family: Family, verb: 'add' | 'del', rule: RouteRule): Promise<void> {
    const { code, stderr } = await run('ip', [FLAG[family], 'rule', verb, ...ruleArgs(rule)]);
    // Somebody was faster: another agent's reconcile in an upgrade, for example.
    const isDone = verb === 'add' ? stderr.includes('File exists') : stderr.includes('No such file');
    if (code !== 0 && !isDone) throw new Error(`ip rule ${verb}: ${stderr}`);
  }

  return {
    list: async (family) =>
      parseRouteRules(outputOf('ip', await run('ip', ['-json', FLAG[family], 'rule', 'show'])), family),
    add: (family, rule) => change(family, 'add', rule),
    remove: (family, rule) => change(family, 'del', rule),
  };
}

/** What `ip -json rule show` prints, as far as it could be ours. */
export function parseRouteRules(json: string, family: Family): readonly RouteRule[] {
  const all: unknown = json.trim() === '' ? [] : JSON.parse(json);
  if (!Array.isArray(all)) return [];
  return all.flatMap((entry: unknown): RouteRule[] => {
    const { priority, src, dst, dstlen, iif, action, table, fwmark } = Object(entry) as Record<
      string,
      unknown
    >;
    const isOurPlace = priority === LET_PASS_PRIORITY || priority === PROHIBIT_PRIORITY;
    const isWhole = src === 'all' && dstlen === undefined && fwmark === undefined;
    if (!isOurPlace || !isWhole || dst !== metadataAddresses[family]) return [];
    const does = action === 'prohibit' ? 'prohibit' : table === 'main' ? 'main' : undefined;
    if (does === undefined) return [];
    return [{ priority, to: dst, ...(typeof iif === 'string' && { iif }), action: does }];
  });
}

function ruleArgs({ priority, to, iif, action }: RouteRule): string[] {
  return [
    ...['priority', String(priority)],
    ...(iif === undefined ? [] : ['iif', iif]),
    ...['to', to],
    ...(action === 'main' ? ['lookup', 'main'] : ['prohibit']),
  ];
}
