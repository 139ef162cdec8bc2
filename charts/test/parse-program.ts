import {
  interceptionPrograms,
  parseInterceptionConfig,
} from '../../packages/agent/src/config/interception-flags.ts';
import { parseAgentConfig } from '../../packages/agent/src/config/config.ts';
import { parseVerifyConfig } from '../../packages/agent/src/commands/verify/flags.ts';
import { runAuthorityCommand } from '../../packages/server/src/commands/authority.ts';
import { parseServerConfig } from '../../packages/server/src/config/config.ts';
import type { ContainerProgram } from './container-program.ts';
import { NAMESPACE } from './rendering.ts';

export interface Understood {
  readonly faults: readonly string[];
  readonly warnings: readonly string[];
}

type Outcome =
  | { readonly kind: 'faults'; readonly faults: readonly string[] }
  | { readonly kind: 'help' | 'version' }
  | { readonly kind: 'config'; readonly warnings?: readonly string[] };

/** The program's own errors and warnings about its arguments and variables. Selects the program like main.ts. */
export async function understand({ program, argv, env }: ContainerProgram): Promise<Understood> {
  const [word = '', ...rest] = argv;
  if (program === 'server')
    return word === 'authority'
      ? authority(rest, env)
      : outcomeOf(parseServerConfig({ argv, env, podNamespace: NAMESPACE }));
  if (word === 'verify') return outcomeOf(parseVerifyConfig({ argv, env }));
  const told = Object.hasOwn(interceptionPrograms, word)
    ? interceptionPrograms[word as keyof typeof interceptionPrograms]
    : undefined;
  return outcomeOf(
    told === undefined ? parseAgentConfig({ argv, env }) : parseInterceptionConfig(told, { argv, env }),
  );
}

function outcomeOf(outcome: Outcome): Understood {
  if (outcome.kind === 'config') return { faults: [], warnings: outcome.warnings ?? [] };
  return {
    faults: outcome.kind === 'faults' ? outcome.faults : [`it is a call for ${outcome.kind}`],
    warnings: [],
  };
}

/** Exits with 2 on invalid arguments, and with 1 here, because there is no API server. */
async function authority(argv: readonly string[], env: ContainerProgram['env']): Promise<Understood> {
  const said: string[] = [];
  const code = await runAuthorityCommand({
    argv,
    env,
    podNamespace: NAMESPACE,
    stdout: { write: () => true },
    stderr: { write: (text) => said.push(text) },
    connect: () => Promise.reject(new Error('no API server in this test')),
  });
  return { faults: code === 2 ? said : [], warnings: [] };
}
