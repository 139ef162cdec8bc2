import type { ChartContainer } from './chart.ts';

/** Values by flag name without dashes; undefined removes the flag. */
export type FlagChanges = Readonly<Record<string, string | undefined>>;

/** Local paths by container path. Container paths consist of letters, digits, `-` and `/`. Must not be empty. */
export type Mounts = Readonly<Record<string, string>>;

/** The chart's arguments with changed flags and local paths. */
export function placedArgs(
  { args }: Pick<ChartContainer, 'args'>,
  changes: FlagChanges,
  mounts: Mounts,
): string[] {
  const kept = args.filter((arg) => !(flagOf(arg) in changes));
  const added = Object.entries(changes).flatMap(([flag, value]) =>
    value === undefined ? [] : [`--${flag}=${value}`],
  );
  return [...kept, ...added].map((arg) => placedText(arg, mounts));
}

/** Replaces container paths by local paths. The longest match wins. */
export function placedText(text: string, mounts: Mounts): string {
  const paths = Object.keys(mounts).sort((a, b) => b.length - a.length);
  const pattern = new RegExp(`(?<![\\w/-])(?:${paths.join('|')})(?![\\w-])`, 'g');
  return text.replace(pattern, (path) => mounts[path] ?? path);
}

/** '' if the argument is not a flag. */
function flagOf(arg: string): string {
  return /^--([^=]+)/.exec(arg)?.[1] ?? '';
}
