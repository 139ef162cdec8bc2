import type { Command, CommandEntry } from './command.ts';

export const PLUGIN = 'kubectl rolegate';

/** The help of the plugin itself. */
export function pluginHelp(commands: Readonly<Record<string, CommandEntry>>): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length));
  return [
    `${PLUGIN}: shows what Rolegate does in a cluster, and why`,
    '',
    `Usage: ${PLUGIN} COMMAND [flags]`,
    '',
    'Commands:',
    ...Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`),
    '',
    'It uses the kubeconfig that kubectl uses.',
    'Exit codes: 0 done; 1 the answer is no; 2 invalid command line; 3 the cluster answered only in part, or not at all.',
    '',
    `${PLUGIN} COMMAND --help shows the flags of a command and examples.`,
    '',
  ].join('\n');
}

/** Completes the help that the runtime makes of the flags. */
export function commandHelp({ name, words, shortFlags, examples }: Command, flagsHelp: string): string {
  const shorts = Object.entries(shortFlags).map(([letter, long]) => `-${letter} is --${long}`);
  return [
    flagsHelp.trimEnd(),
    '',
    ['Usage:', PLUGIN, name, ...words, '[flags]'].join(' '),
    ...(shorts.length === 0 ? [] : [`Short flags: ${shorts.join(', ')}`]),
    '',
    'Examples:',
    ...examples.flatMap(({ command, shows }) => [`  # ${shows}`, `  ${PLUGIN} ${command}`]),
    '',
  ].join('\n');
}
