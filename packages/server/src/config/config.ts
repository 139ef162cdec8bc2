import type { Environment, Program } from '@rolegate/runtime';
import { parseFlags } from '@rolegate/runtime';
import { checkServerFlags } from './checks.ts';
import { serverFlags } from './flags.ts';
import { serverLegacyFlags } from './legacy-flags.ts';
import { toConfig } from './server-config.ts';
import type { ServerConfig } from './server-config.ts';

/** The result of parsing the command line and the environment. */
export type ServerConfigOutcome =
  | { readonly kind: 'config'; readonly config: ServerConfig; readonly warnings: readonly string[] }
  | { readonly kind: 'faults'; readonly faults: readonly string[] }
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'version' };

/** The server's flags: for parsing, help and docs/flags.md. */
export const serverProgram: Program<typeof serverFlags> = {
  name: 'rolegate-server',
  summary: 'decides which role each Pod gets, and issues the credentials',
  flags: serverFlags,
  legacy: serverLegacyFlags,
  envPrefix: 'ROLEGATE_',
  subcommand: 'server',
};

/** The server's configuration, or everything that is wrong with it. Never throws. */
export function parseServerConfig(input: {
  readonly argv: readonly string[];
  readonly env: Environment;
  /** The Namespace of the Pod in which the server runs, if any. */
  readonly podNamespace?: string | undefined;
}): ServerConfigOutcome {
  const { podNamespace, ...given } = input;
  const outcome = parseFlags(serverProgram, {
    ...given,
    check: (values, names) => checkServerFlags(values, names, podNamespace),
  });
  if (outcome.kind !== 'values') return outcome;
  const { values, warnings } = outcome;
  return { kind: 'config', config: toConfig(values, values.namespace ?? podNamespace ?? ''), warnings };
}
