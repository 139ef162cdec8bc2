import { markdownTable } from '../markdown/table.ts';

/** All that there is to say of one metric. */
export interface MetricRow {
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** Each with its values; a text describes them. Empty: docs/metrics.md names none. */
  readonly labels: Readonly<Record<string, readonly string[] | string>>;
  /** Of a histogram. */
  readonly buckets?: readonly number[];
  /** As /metrics has it. */
  readonly help: string;
  /** As docs/metrics.md has it. */
  readonly meaning: string;
  /** What an operator has to look into. */
  readonly worry: string;
}

/** The metrics of a program by name: its registry and docs/metrics.md are made of it. */
export type MetricTable = Readonly<Record<string, MetricRow>>;

/** The rows of docs/metrics.md, in Markdown. */
export function metricsDoc(table: MetricTable): string {
  return markdownTable(
    ['name', 'type', 'labels', 'meaning', 'when to worry'],
    Object.entries(table).map(([name, { type, labels, meaning, worry }]) => {
      const described = Object.entries(labels).map(describe);
      return [`\`${name}\``, type, described.join('; ') || 'none', meaning, worry];
    }),
  );
}

function describe([label, values]: [label: string, values: readonly string[] | string]): string {
  const text = typeof values === 'string' ? values : values.join(', ');
  if (text === '') return `\`${label}\``;
  return text.startsWith('(') ? `\`${label}\` ${text}` : `\`${label}\`: ${text}`;
}

/** Throws if the table does not have it. */
export function rowOf(table: MetricTable, name: string): MetricRow {
  const row = table[name];
  if (row === undefined) throw new Error(`no metric is called ${name}`);
  return row;
}

/** Throws if the metric has no label, or several. */
export function onlyLabel(table: MetricTable, name: string): string {
  const [label, ...more] = Object.keys(rowOf(table, name).labels);
  if (label === undefined || more.length > 0) throw new Error(`${name} has not one label`);
  return label;
}
