import { onOneLine } from '@rolegate/runtime';
import type { Colors } from '../../output/colors.ts';
import { fittedTable } from '../../output/table.ts';
import { reportSections, summaryLines } from './sections.ts';
import type { Section, Table } from './section.ts';
import type { Report } from './report.ts';

/** Rows of a table on a terminal; the other formats have all. */
const MOST_ROWS = 30;

/** The report for a terminal. */
export function reportText(
  report: Report,
  { width, colors }: { readonly width: number; readonly colors: Colors },
): string {
  const sections = reportSections(report).map((section) => sectionText(section, width, colors));
  return [`${summaryLines(report).map(onOneLine).join('\n')}\n`, ...sections].join('\n');
}

function sectionText({ title, lines, table, todo }: Section, width: number, colors: Colors): string {
  const more = (table?.rows.length ?? 0) - MOST_ROWS;
  return [
    `${colors.strong(onOneLine(title))}\n`,
    ...lines.map((line) => `${onOneLine(line)}\n`),
    table === undefined ? '' : tableText(table, width),
    more > 0 ? `and ${more} more rows; --markdown and -o json have all\n` : '',
    todo === undefined ? '' : `To do: ${todo}\n`,
  ].join('');
}

function tableText({ head, rows, isWide }: Table, width: number): string {
  const shown = rows.slice(0, MOST_ROWS);
  if (isWide === undefined) return fittedTable(head, shown, width);
  const labels = head.slice(1).map((name) => `${name.toLowerCase()}:`);
  const column = Math.max(...labels.map((label) => label.length));
  return shown
    .map(([first = '', ...others]) =>
      [first, ...others.map((cell, at) => `  ${(labels[at] ?? '').padEnd(column)} ${cell}`)]
        .map((line) => `${onOneLine(line)}\n`)
        .join(''),
    )
    .join('');
}
