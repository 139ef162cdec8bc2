import { describeError, nearest, parseFlags, VERSION } from '@rolegate/runtime';
import type { Environment, Program } from '@rolegate/runtime';
import { ClusterError } from '../cluster/cluster-error.ts';
import { explainClusterError } from '../cluster/explain-error.ts';
import type { Output } from '../output/output.ts';
import type { Command, CommandEntry } from './command.ts';
import { exitCodes } from './exit-code.ts';
import type { ExitCode } from './exit-code.ts';
import { commandHelp, PLUGIN, pluginHelp } from './help.ts';
import { splitWords } from './split-words.ts';

/** Not `ROLEGATE_`, which is for the programs in the cluster. */
const ENV_PREFIX = 'KUBECTL_ROLEGATE_';

export interface Dispatch {
  readonly commands: Readonly<Record<string, CommandEntry>>;
  /** Without Node and the script. */
  readonly argv: readonly string[];
  readonly env: Environment;
  readonly output: Output;
  readonly signal: AbortSignal;
}

/** Commands with the same first word. */
interface Group {
  readonly output: Output;
  readonly group: readonly [name: string, entry: CommandEntry][];
}

const HELP = ['--help', '-h'];

/** Runs the command that the first argument names. Never throws, except for a bug. */
export async function dispatch(dispatched: Dispatch): Promise<ExitCode> {
  const { commands, argv, output } = dispatched;
  const { first, rest } = firstWord(argv, commands);
  if (HELP.includes(first) || first === 'help') {
    // `help COMMAND` is what users of kubectl type.
    if (first === 'help' && rest.length > 0) return dispatch({ ...dispatched, argv: [...rest, '--help'] });
    await output.print(pluginHelp(commands));
    return exitCodes.ok;
  }
  if (first === '--version' || first === 'version') {
    await output.print(`${PLUGIN} ${VERSION}\n`);
    return exitCodes.ok;
  }
  const entry = Object.hasOwn(commands, first) ? commands[first] : undefined;
  if (entry !== undefined) return runCommand(await entry.load(), { ...dispatched, argv: rest });
  const group = Object.entries(commands).filter(([name]) => name.startsWith(`${first} `));
  if (group.length > 0) return explainGroup(first, rest, { output, group });
  const near = nearest(first, Object.keys(commands));
  output.note(
    `${PLUGIN}: unknown command ${JSON.stringify(first)}; ${near === undefined ? '--help lists all commands' : `did you mean ${near}?`}`,
  );
  return exitCodes.usage;
}

/** The name of a command can have two words. */
function firstWord(argv: readonly string[], commands: Dispatch['commands']) {
  const [first = '--help', second, ...others] = argv;
  const both = `${first} ${second ?? ''}`;
  return Object.hasOwn(commands, both) ? { first: both, rest: others } : { first, rest: argv.slice(1) };
}

async function explainGroup(
  first: string,
  rest: readonly string[],
  { output, group }: Group,
): Promise<ExitCode> {
  if (rest.some((word) => HELP.includes(word))) {
    await output.print(pluginHelp(Object.fromEntries(group)));
    return exitCodes.ok;
  }
  const seconds = group.map(([name]) => name.slice(first.length + 1));
  output.note(`${PLUGIN}: ${first} needs one of these words: ${seconds.join(', ')}`);
  return exitCodes.usage;
}

async function runCommand(command: Command, { argv, env, output, signal }: Dispatch): Promise<ExitCode> {
  const program = programOf(command);
  const { name } = program;
  const { flags, words } = splitWords(argv, command);
  const outcome = parseFlags(program, {
    argv: flags,
    env,
    check: () => ({ faults: wordFaults(command, words) }),
  });
  switch (outcome.kind) {
    case 'help':
      await output.print(commandHelp(command, outcome.text));
      return exitCodes.ok;
    case 'version':
      await output.print(`${PLUGIN} ${VERSION}\n`);
      return exitCodes.ok;
    case 'faults':
      for (const fault of outcome.faults) output.note(`${name}: ${fault}`);
      return exitCodes.usage;
    case 'values':
  }
  for (const warning of outcome.warnings) output.note(`${name}: ${warning}`);
  try {
    return await command.run({ values: outcome.values, words, env, output, signal });
  } catch (error) {
    // `| head` has what it wants; a script must not take an interruption for a yes.
    if (signal.aborted) return output.closed.aborted ? exitCodes.ok : exitCodes.incomplete;
    output.note(
      error instanceof ClusterError ? explainClusterError(error) : `${name}: ${describeError(error)}`,
    );
    return exitCodes.incomplete;
  }
}

/** Its flags as the runtime parses and describes them. */
export function programOf({ name, summary, flags }: Pick<Command, 'name' | 'summary' | 'flags'>): Program {
  return {
    name: name === '' ? PLUGIN : `${PLUGIN} ${name}`,
    summary,
    flags,
    legacy: {},
    envPrefix: ENV_PREFIX,
  };
}

function wordFaults({ words: wanted }: Command, words: readonly string[]): readonly string[] {
  const surplus = words[wanted.length];
  if (surplus !== undefined)
    return [`unexpected argument ${JSON.stringify(surplus)}; --help shows the usage`];
  const missing = wanted[words.length];
  return missing === undefined ? [] : [`${missing} is required; --help shows examples`];
}
