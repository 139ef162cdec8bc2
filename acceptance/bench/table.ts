import { markdownTable } from '@rolegate/runtime';
import type { Row } from './row.ts';

const HEAD = ['what', 'measured', 'CPU', 'over the rounds', 'reach', 'ok'];

/** A table for a terminal. */
export function textTable(rows: readonly Row[]): string {
  const table = [HEAD, ...rows.map(cellsOf)];
  const widths = HEAD.map((_, column) => Math.max(...table.map((cells) => cells[column]?.length ?? 0)));
  return table
    .map((cells) =>
      cells
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** A Markdown table. */
export function markdownOf(rows: readonly Row[]): string {
  return markdownTable(HEAD, rows.map(cellsOf));
}

/** The rows that miss their goal, and their number. */
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

function cellsOf(row: Row): string[] {
  return [row.what, row.measured, row.cpu, row.spread, row.reach, okText(row)];
}

function okText({ missedBy }: Row): string {
  if (missedBy === undefined) return '';
  return missedBy === '' ? 'yes' : `misses by ${missedBy}`;
}
