import { markdownTable } from '../markdown/table.ts';

/** Everything that is documented about one metric. */
export interface MetricRow {
  readonly type: 'counter' | 'gauge' | 'histogram';
  /**
   * All values of a label, or a text that describes them. If empty, docs/metrics.md lists none. A counter whose labels all
   * have lists starts at 0 for each combination, because rate() and increase() miss the first value of a series.
   */
  readonly labels: Readonly<Record<string, readonly string[] | string>>;
  /** Of a histogram. */
  readonly buckets?: readonly number[];
  /** The help text in /metrics. */
  readonly help: string;
  /** The meaning in docs/metrics.md. */
  readonly meaning: string;
  /** Which values an operator must look into. */
  readonly worry: string;
}

/** The metrics of a program by name. The registry and docs/metrics.md are made from it. */
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

/** Each combination of the labels' values; none if the values of a label are not listed. */
export function labelCombinations({ labels }: Pick<MetricRow, 'labels'>): Record<string, string>[] {
  let combinations: Record<string, string>[] = [{}];
  for (const [label, values] of Object.entries(labels)) {
    if (typeof values === 'string') return [];
    combinations = combinations.flatMap((before) => values.map((value) => ({ ...before, [label]: value })));
  }
  return combinations;
}

/** Throws if the table has no such metric. */
export function rowOf(table: MetricTable, name: string): MetricRow {
  const row = table[name];
  if (row === undefined) throw new Error(`unknown metric ${name}`);
  return row;
}

/** Throws unless the metric has exactly one label. */
export function onlyLabel(table: MetricTable, name: string): string {
  const [label, ...more] = Object.keys(rowOf(table, name).labels);
  if (label === undefined || more.length > 0) throw new Error(`metric ${name} must have exactly one label`);
  return label;
}
