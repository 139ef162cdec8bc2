import { families } from './rules/metadata-addresses.ts';
import type { Family } from './rules/metadata-addresses.ts';
import { outputOf } from './commands.ts';
import type { RunCommand } from './commands.ts';

/**
 * The interfaces with a default route of any family in any table, sorted. amazon-vpc-cni has a table for each further interface of
 * the node. Rejects with the error output of `ip`.
 */
export async function listUplinks(run: RunCommand, present: readonly Family[]): Promise<readonly string[]> {
  const found = new Set<string>();
  for (const family of families.filter((one) => present.includes(one))) {
    const args = ['-json', family === 'ipv4' ? '-4' : '-6', 'route', 'show', 'table', 'all', 'default'];
    for (const device of parseDefaultRoutes(outputOf('ip', await run('ip', args)))) found.add(device);
  }
  return [...found].sort();
}

/** The interfaces in the output of `ip -json route show table all default`. */
export function parseDefaultRoutes(json: string): readonly string[] {
  const all: unknown = json.trim() === '' ? [] : JSON.parse(json);
  if (!Array.isArray(all)) return [];
  return all.flatMap((entry: unknown) => {
    const { type = 'unicast', dst, dev, nexthops } = Object(entry) as Record<string, unknown>;
    // Others lead nowhere (unreachable) or to the node itself (local), and name lo.
    if (type !== 'unicast' || dst !== 'default') return [];
    const hops = (Array.isArray(nexthops) ? nexthops : []).map(
      (hop: unknown) => (Object(hop) as Record<string, unknown>)['dev'],
    );
    return [dev, ...hops].filter((one) => typeof one === 'string' && one !== 'lo') as string[];
  });
}
