import { markdownTable } from '@rolegate/runtime';
import { markdownText } from '../markdown.ts';
import { reportSections, summaryLines } from './sections.ts';
import type { Section } from './section.ts';
import type { Report } from './report.ts';

/** The report as a page for a change request. */
export function reportMarkdown(report: Report): string {
  const summary = summaryLines(report).map((line) => `- ${markdownText(line)}`);
  return `${['# Moving to Rolegate', summary.join('\n'), ...reportSections(report).map(sectionMarkdown)].join('\n\n')}\n`;
}

function sectionMarkdown({ title, lines, table, todo }: Section): string {
  return [
    `## ${markdownText(title)}`,
    ...lines.map(markdownText),
    ...(table === undefined
      ? []
      : [
          markdownTable(
            table.head.map(markdownText),
            table.rows.map((row) => row.map(markdownText)),
          ),
        ]),
    ...(todo === undefined ? [] : [`To do: ${markdownText(todo)}`]),
  ].join('\n\n');
}
