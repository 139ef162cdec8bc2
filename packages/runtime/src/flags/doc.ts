import { markdownTable } from '../markdown/table.ts';
import { envName } from './env.ts';
import { groupsOf, usage } from './help.ts';
import type { Program } from './program.ts';

/** The section of docs/flags.md about one program: its own flags by group, then kiam's and kube2iam's. */
export function flagsDoc(program: Program): string {
  const { name, summary, legacy } = program;
  const origins = [...new Set(Object.values(legacy).flatMap(({ of }) => of))];
  return [
    `## ${name}`,
    `${capital(summary)}.`,
    ...[...groupsOf(program.flags)].flatMap(([group, names]) => [`### ${group}`, ownTable(program, names)]),
    ...origins.flatMap((origin) => [`### ${origin}`, legacyTable(program, origin)]),
  ].join('\n\n');
}

function ownTable({ flags, envPrefix }: Program, names: readonly string[]): string {
  return markdownTable(
    ['flag', 'environment', 'default', 'meaning'],
    names.map((name) => {
      const flag = flags[name];
      if (flag === undefined) return [];
      const env = [envName(envPrefix, name), ...flag.env].map(code).join(', ');
      const fallback =
        flag.fallback === undefined ? (flag.required ? '(required)' : '') : code(flag.fallback);
      return [
        code(usage(name, flags)),
        env,
        fallback,
        `${flag.help}${flag.repeatable ? ' (repeatable)' : ''}`,
      ];
    }),
  );
}

function legacyTable({ legacy, flags }: Program, origin: string): string {
  const rows = Object.entries(legacy).filter(([, { of }]) => of.includes(origin));
  return markdownTable(
    ['flag', 'verdict', 'effect, reason or replacement'],
    rows.map(([name, { verdict, why, as }]) => {
      const same = Object.hasOwn(flags, name)
        ? 'same flag'
        : as === undefined
          ? ''
          : `sets ${code(`--${as}`)}`;
      return [code(`--${name}`), verdict, [same, why].filter((part) => part !== '').join('; ')];
    }),
  );
}

function code(text: string): string {
  return `\`${text}\``;
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
