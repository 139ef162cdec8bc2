import { formatDuration } from '../flags/duration.ts';
import { onOneLine } from '../log/fields.ts';

/** Between two columns. */
const GAP = '  ';

/** Formats a table with aligned columns. An empty cell is shown as a dash. */
export function textTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [head, ...rows.map((row) => row.map((cell) => (cell === '' ? '-' : onOneLine(cell))))];
  const widths = head.map((_, at) => Math.max(...cells.map((row) => row[at]?.length ?? 0)));
  return lines(cells.map((row) => row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(GAP)));
}

/** Formats names and facts, one pair per line. Undefined facts are left out. */
export function textFacts(facts: readonly (readonly [name: string, fact: string | undefined])[]): string {
  const width = Math.max(...facts.map(([name]) => name.length));
  return lines(
    facts.flatMap(([name, fact]) =>
      fact === undefined ? [] : [`${name.padEnd(width)}${GAP}${onOneLine(fact)}`],
    ),
  );
}

/** Formats a duration in whole seconds, or in minutes from an hour on. */
export function roughly(ms: number): string {
  const unitMs = Math.abs(ms) >= 3_600_000 ? 60_000 : 1_000;
  const rounded = Math.floor(Math.max(0, ms) / unitMs) * unitMs;
  return formatDuration(rounded);
}

function lines(all: readonly string[]): string {
  return all.map((line) => `${line.trimEnd()}\n`).join('');
}
