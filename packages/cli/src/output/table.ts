import { onOneLine } from '@rolegate/runtime';

/** Between two columns. */
const GAP = '  ';
/** A column is never cut to less. Characters. */
const LEAST_COLUMN = 8;

/**
 * Formats a table that fits the width: the widest columns are cut until the rows fit. An empty cell is shown as a dash.
 * Texts from the cluster cannot control the terminal.
 */
export function fittedTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  width: number,
): string {
  const cells = [head, ...rows.map((row) => row.map((cell) => (cell === '' ? '-' : onOneLine(cell))))];
  const widths = fit(
    head.map((_, at) => cells.reduce((most, row) => Math.max(most, Array.from(row[at] ?? '').length), 0)),
    width - GAP.length * (head.length - 1),
  );
  return cells
    .map(
      (row) =>
        `${row
          .map((cell, at) => pad(cut(cell, widths[at] ?? 0), widths[at] ?? 0))
          .join(GAP)
          .trimEnd()}\n`,
    )
    .join('');
}

/** Takes from the widest columns first. */
function fit(widths: readonly number[], room: number): readonly number[] {
  const fitted = [...widths];
  for (let over = sum(fitted) - room; over > 0; over = sum(fitted) - room) {
    const widest = Math.max(...fitted);
    if (widest <= LEAST_COLUMN) break;
    const at = fitted.indexOf(widest);
    const next = Math.max(LEAST_COLUMN, ...fitted.filter((width) => width < widest));
    fitted[at] = Math.max(next === widest ? widest - 1 : Math.max(next, widest - over), LEAST_COLUMN);
    if (fitted[at] === widest) fitted[at] = widest - 1;
  }
  return fitted;
}

function cut(text: string, width: number): string {
  const signs = Array.from(text);
  return signs.length <= width ? text : `${signs.slice(0, Math.max(0, width - 1)).join('')}…`;
}

function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - Array.from(text).length));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
