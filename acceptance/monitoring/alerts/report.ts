import { markdownTable } from '@rolegate/runtime';
import type { FiredAlert } from './judge.ts';
import { promtoolOnly } from './promtool-only.ts';
import type { Chapter } from './rules/runbook.ts';
import type { AlertRule } from './rules/shorten.ts';

export interface ReportOptions {
  readonly machine: string;
  readonly fired: readonly FiredAlert[];
  /** As the charts render them, before they were shortened. */
  readonly rules: readonly AlertRule[];
  readonly chapters: ReadonlyMap<string, Chapter>;
}

/** The tables, and what the person on call sees of each alert. */
export function renderReport({ machine, fired, rules, chapters }: ReportOptions): string {
  const order = rules.map(({ alert }) => alert);
  const sorted = [...fired].sort((one, other) => order.indexOf(one.alert) - order.indexOf(other.alert));
  const rest = order.flatMap((alert) => {
    const why = promtoolOnly[alert];
    return why === undefined ? [] : [[alert, why]];
  });
  return [
    `Measured on ${machine}.`,
    markdownTable(
      ['alert', 'fault', 'fired after', 'ended after', 'also fired'],
      sorted.map((one) => [
        `[${one.alert}](#${one.alert.toLowerCase()})`,
        one.fault,
        seconds(one.firedAfterMs),
        seconds(one.endedAfterMs),
        one.alsoFired.join(', '),
      ]),
    ),
    rest.length === 0
      ? 'No alert is tested by promtool only.'
      : `Only promtool tests these:\n\n${markdownTable(['alert', 'why'], rest)}`,
    '## What the person on call sees',
    ...sorted
      .filter(({ alert }, at) => sorted.findIndex((one) => one.alert === alert) === at)
      .map((one) => seenOf(one, chapters)),
  ].join('\n\n');
}

/** The alert with the labels of a real firing, and what its chapter says. */
export function seenOf(
  { alert, firing: { annotations, labels } }: FiredAlert,
  chapters: ReadonlyMap<string, Chapter>,
): string {
  const { summary = '', description = '', runbook_url: url = '' } = annotations;
  const shown = Object.entries(labels).filter(([name]) => !['alertname', 'severity'].includes(name));
  const chapter = chapters.get(alert);
  const anchor = /runbook\.md#.*$/.exec(url)?.[0] ?? '';
  const lines = [
    `- **${labels['severity'] ?? ''}**: ${summary}`,
    `- ${description}`,
    ...(shown.length === 0
      ? []
      : [`- Labels: ${shown.map(([name, value]) => `\`${name}="${value}"\``).join(', ')}`]),
    `- [Runbook](../${anchor}): ${fromFigures(chapter?.means)}`,
    `- **Do**: ${fromFigures(chapter?.do)}`,
  ];
  return `### ${alert}\n\n${lines.join('\n')}`;
}

/** Links of the runbook, seen from docs/figures. */
function fromFigures(text = ''): string {
  // A code block follows a colon.
  return text
    .replace(/:$/, ': …')
    .replaceAll('](#', '](runbook.md#')
    .replaceAll(/\]\((?!https?:)/g, '](../');
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(0)} s`;
}
