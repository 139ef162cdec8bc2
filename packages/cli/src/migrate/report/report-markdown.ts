import { markdownTable, onOneLine } from '@rolegate/runtime';
import { reportSections, summaryLines } from './sections.ts';
import type { Section } from './section.ts';
import type { Report } from './report.ts';

/** The report as a page for a change request. */
export function reportMarkdown(report: Report): string {
  const summary = summaryLines(report).map((line) => `- ${plain(line)}`);
  return `${['# Moving to Rolegate', summary.join('\n'), ...reportSections(report).map(sectionMarkdown)].join('\n\n')}\n`;
}

function sectionMarkdown({ title, lines, table, todo }: Section): string {
  return [
    `## ${plain(title)}`,
    ...lines.map(plain),
    ...(table === undefined
      ? []
      : [
          markdownTable(
            table.head.map(plain),
            table.rows.map((row) => row.map(plain)),
          ),
        ]),
    ...(todo === undefined ? [] : [`To do: ${plain(todo)}`]),
  ].join('\n\n');
}

/** A text from the cluster cannot make markup: no links, images, HTML or emphasis. */
function plain(text: string): string {
  return onOneLine(text).replace(/[\\`*_[\]<>#!&]/g, (sign) =>
    sign === '<' ? '&lt;' : sign === '&' ? '&amp;' : `\\${sign}`,
  );
}
