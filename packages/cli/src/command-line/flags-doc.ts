import { flagsDoc } from '@rolegate/runtime';
import type { FlagTable } from '@rolegate/runtime';
import type { Command, CommandEntry } from './command.ts';
import { programOf } from './dispatch.ts';

/** The sections of docs/flags.md about the plugin: the flags that all commands have, then the others of each command. */
export async function pluginFlagsDoc(entries: Readonly<Record<string, CommandEntry>>): Promise<string> {
  const commands = await Promise.all(Object.values(entries).map(({ load }) => load()));
  const common = commonFlags(commands);
  const summary =
    'the kubectl plugin. All its [commands](kubectl-rolegate.md) have these flags, and `-o` for `--output`';
  return [
    flagsDoc(programOf({ name: '', summary, flags: common })),
    ...commands.map((command) => flagsDoc(programOf(withoutFlags(command, common)))),
  ].join('\n\n');
}

function commonFlags([first, ...others]: readonly Command[]): FlagTable {
  const all = Object.entries(first?.flags ?? {});
  return Object.fromEntries(
    all.filter(([name, flag]) => others.every(({ flags }) => flags[name]?.help === flag.help)),
  );
}

function withoutFlags({ name, summary, words, shortFlags, flags }: Command, common: FlagTable) {
  const own = Object.entries(flags).filter(([flag]) => !Object.hasOwn(common, flag));
  const shorts = Object.entries(shortFlags).filter(([, flag]) => !Object.hasOwn(common, flag));
  return {
    name: [name, ...words].join(' '),
    summary: [summary, ...shorts.map(([letter, flag]) => `\`-${letter}\` is \`--${flag}\``)].join('. '),
    flags: Object.fromEntries(own),
  };
}
