import type { ChartContainer } from './chart.ts';

/** Values by flag, without dashes; undefined takes the flag away. */
export type FlagChanges = Readonly<Record<string, string | undefined>>;

/** Paths of a container, of letters, digits, `-` and `/`, and what they are here; at least one. */
export type Mounts = Readonly<Record<string, string>>;

/** The chart's arguments with other values where the machine is another, and with the container's paths as they are here. */
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

/** The text with every path of the container as it is here; the longest path counts. */
export function placedText(text: string, mounts: Mounts): string {
  const paths = Object.keys(mounts).sort((a, b) => b.length - a.length);
  const pattern = new RegExp(`(?<![\\w/-])(?:${paths.join('|')})(?![\\w-])`, 'g');
  return text.replace(pattern, (path) => mounts[path] ?? path);
}

/** '' for what is no flag. */
function flagOf(arg: string): string {
  return /^--([^=]+)/.exec(arg)?.[1] ?? '';
}
