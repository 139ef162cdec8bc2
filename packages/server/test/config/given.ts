import { parseServerConfig } from '../../src/config/config.ts';

/** What the server does not start without. */
export const needed = ['--cert', 'c.pem', '--key', 'k.pem', '--ca', 'ca.pem', '--region', 'eu-central-1'];

/** The server's flags parsed, with those that are needed. */
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
