/** A command of the plugin and what it needs. */
export interface PluginCommand {
  readonly name: string;
  /** In deploy/kubectl-rolegate, without `.yaml`. */
  readonly file: string;
  /** The command lines that together need all its rights. */
  readonly lines: readonly (readonly string[])[];
  /** What it prints with all its rights. */
  readonly shows: RegExp;
  /** The rights that it names if it has none. */
  readonly withoutAny: readonly string[];
}

export const pluginCommands: readonly PluginCommand[] = [
  {
    name: 'logs',
    file: 'logs',
    lines: [['logs'], ['logs', '-f']],
    shows: /shop\/cart-0/,
    withoutAny: ['list pods'],
  },
];
