import type { Row } from './row.ts';

const HEAD = ['what', 'measured', 'CPU', 'over the rounds', 'reach', 'ok'];

/** The rows as a table for a terminal. */
export function textTable(rows: readonly Row[]): string {
  return lined(cellsOf(rows), (cells) => cells.join('  ').trimEnd());
}

/** The same as Markdown, as prettier would have it. */
export function markdownTable(rows: readonly Row[]): string {
  const [head = [], ...body] = cellsOf(rows);
  const rule = widthsOf([head, ...body]).map((width) => '-'.repeat(width));
  return lined([head, rule, ...body], (cells) => `| ${cells.join(' | ')} |`);
}

/** The rows that miss their goal, one a line, under a line that counts them. */
export function missList(rows: readonly Row[]): string {
  const goals = rows.filter(({ missedBy }) => missedBy !== undefined);
  const misses = goals.filter(({ missedBy }) => missedBy !== '');
  if (goals.length === 0) return 'no row has a goal';
  if (misses.length === 0) return `all ${goals.length} rows with a goal reach it`;
  return [
    `${misses.length} of ${goals.length} rows with a goal miss it:`,
    ...misses.map(
      ({ what, measured, reach, missedBy = '' }) => `  ${what}: ${measured}, not ${reach}: by ${missedBy}`,
    ),
  ].join('\n');
}

function cellsOf(rows: readonly Row[]): string[][] {
  const body = rows.map((row) => [row.what, row.measured, row.cpu, row.spread, row.reach, okText(row)]);
  return [HEAD, ...body];
}

function okText({ missedBy }: Row): string {
  if (missedBy === undefined) return '';
  return missedBy === '' ? 'yes' : `misses by ${missedBy}`;
}

function widthsOf(table: readonly (readonly string[])[]): number[] {
  return HEAD.map((_, column) => Math.max(...table.map((cells) => cells[column]?.length ?? 0)));
}

function lined(table: readonly (readonly string[])[], join: (cells: string[]) => string): string {
  const widths = widthsOf(table);
  return table.map((cells) => join(cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)))).join('\n');
}
