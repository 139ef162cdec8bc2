import { envName } from './env.ts';
import type { FlagTable } from './table.ts';
import type { Program } from './program.ts';

/** Where help texts begin and end. Columns. */
const INDENT = 6;
const WIDTH = 100;

/** The text of `--help`: flags by group, each with its environment variable and default. */
export function helpText({ name, summary, flags, envPrefix }: Program): string {
  const groups = [...groupsOf(flags)].map(([group, rows]) =>
    [`${group}:`, ...rows.map((row) => flagHelp(row, flags, envPrefix))].join('\n'),
  );
  const last = 'Other:\n  --help, -h\n      show this help\n  --version\n      show the version';
  const order = 'A flag overrides its environment variable, which overrides the default.';
  return `${[`${name}: ${summary}`, order, ...groups, last].join('\n\n')}\n`;
}

/** Flag names by group, in the order of the table. */
export function groupsOf(flags: FlagTable): Map<string, string[]> {
  return Map.groupBy(Object.keys(flags), (name) => flags[name]?.group ?? '');
}

/** How a flag is written, for example `--x DURATION`. */
export function usage(name: string, flags: FlagTable): string {
  const placeholder = flags[name]?.placeholder ?? '';
  return placeholder === '' ? `--[no-]${name}` : `--${name} ${placeholder}`;
}

function flagHelp(name: string, flags: FlagTable, prefix: string): string {
  const flag = flags[name];
  if (flag === undefined) return '';
  const notes = [
    [envName(prefix, name), ...flag.env].join(', '),
    ...(flag.fallback === undefined ? [] : [`default ${flag.fallback}`]),
    ...(flag.required ? ['required'] : []),
    ...(flag.repeatable ? ['repeatable'] : []),
  ];
  return [`  ${usage(name, flags)}`, ...wrapped(flag.help), ...wrapped(`[${notes.join('; ')}]`)].join('\n');
}

function wrapped(text: string): string[] {
  const lines: string[] = [];
  let line = ' '.repeat(INDENT - 1);
  for (const word of text.split(' ')) {
    if (line.length + 1 + word.length > WIDTH && line.trim() !== '') {
      lines.push(line);
      line = ' '.repeat(INDENT - 1);
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}
