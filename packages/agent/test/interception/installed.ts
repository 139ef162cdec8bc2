import { silentLog } from '@rolegate/runtime';
import { createInterception } from '../../src/interception/interception.ts';
import type { InterceptionDeps } from '../../src/interception/interception.ts';
import type { PlanOptions } from '../../src/interception/rules/rule.ts';
import { createFakeNode } from './fake-node.ts';

/** An interception on a node in memory, with nothing installed yet. */
export function setup({
  options = {},
  without = [],
  ...told
}: Partial<InterceptionDeps> & { options?: Partial<PlanOptions>; without?: readonly string[] } = {}) {
  const node = createFakeNode({ without });
  const planOptions: PlanOptions = {
    hostIps: { ipv4: '198.18.0.1' },
    port: 8181,
    guardedPorts: [9621, 9622],
    hostInterfaces: [],
    excludedInterfaces: [],
    containerCredentials: false,
    ...options,
  };
  const interception = createInterception({
    run: node.run,
    planOptions,
    families: ['ipv4', 'ipv6'],
    backend: 'auto',
    log: silentLog,
    hasTables: (family) => node.hasLegacyTables(family),
    ...told,
  });
  return { node, interception };
}

/** Where rules of ours are installed, such as `filter FORWARD`. */
export function oursIn(node: ReturnType<typeof createFakeNode>, backend: 'nft' | 'legacy'): string[] {
  return (['iptables', 'ip6tables'] as const).flatMap((prefix) =>
    [...node.tables(backend, prefix)].flatMap(([table, chains]) =>
      [...chains].flatMap(([chain, rules]) =>
        chain.startsWith('ROLEGATE') || rules.some((rule) => rule.includes('ROLEGATE'))
          ? [`${table} ${chain}`]
          : [],
      ),
    ),
  );
}
