import type { Row } from './row.ts';

const HEAD = ['what', 'measured', 'over the rounds', 'reach', 'ok'];

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

function cellsOf(rows: readonly Row[]): string[][] {
  const body = rows.map(({ what, measured, spread, reach, ok }) => [
    what,
    measured,
    spread,
    reach,
    ok === undefined ? '' : ok ? 'yes' : 'no',
  ]);
  return [HEAD, ...body];
}

function widthsOf(table: readonly (readonly string[])[]): number[] {
  return HEAD.map((_, column) => Math.max(...table.map((cells) => cells[column]?.length ?? 0)));
}

function lined(table: readonly (readonly string[])[], join: (cells: string[]) => string): string {
  const widths = widthsOf(table);
  return table.map((cells) => join(cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)))).join('\n');
}
