import { parseServerConfig } from '../../src/config/config.ts';

/** The flags that the server requires. */
export const needed = ['--cert', 'c.pem', '--key', 'k.pem', '--ca', 'ca.pem', '--region', 'eu-central-1'];

/** Parses the server's flags together with the required ones. */
export function setup(
  argv: readonly string[] = [],
  {
    env = {},
    base = needed,
    podNamespace,
  }: { env?: Record<string, string>; base?: string[]; podNamespace?: string } = {},
) {
  const outcome = parseServerConfig({ argv: [...base, ...argv], env, podNamespace });
  return {
    outcome,
    get config() {
      if (outcome.kind !== 'config') throw new Error(JSON.stringify(outcome));
      return outcome.config;
    },
    warnings: outcome.kind === 'config' ? outcome.warnings : [],
    faults: outcome.kind === 'faults' ? outcome.faults : [],
  };
}
