/** What a page of metrics and a registry must agree on. */
export interface DescribedMetric {
  readonly type: string;
  /** In alphabetical order. */
  readonly labels: readonly string[];
}

/** The parts of a prom-client registry that are read. */
interface Registered {
  getMetricsAsArray(): readonly { readonly name: string; readonly type: unknown }[];
}

/**
 * The rows of a Markdown table under a heading, by metric: `| name | type | labels | … |`. Every cell must have text.
 */
export function metricsOnPage(page: string, heading: string): Readonly<Record<string, DescribedMetric>> {
  const [, part = ''] = page.split(`\n## ${heading}\n`);
  const [section = ''] = part.split('\n## ');
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  return Object.fromEntries(rows.map(readRow));
}

function readRow(line: string): [string, DescribedMetric] {
  const cells = line.split(/(?<!\\)\|/).slice(1, -1);
  const [name = '', type = '', labels = ''] = cells.map((cell) => cell.trim());
  if (cells.some((cell) => cell.trim() === '')) throw new Error(`a cell is empty: ${line}`);
  // Before a colon each one is a label; after it they are its values.
  const names = [...labels.matchAll(/`(\w+)`:?/g)].map(([, label = '']) => label);
  return [name.replaceAll('`', ''), { type, labels: names.sort() }];
}

/** The metrics that a program has declared. */
export function metricsInRegistry(registry: Registered): Readonly<Record<string, DescribedMetric>> {
  const entries = registry.getMetricsAsArray().map((metric): [string, DescribedMetric] => {
    const { name, type } = metric;
    const labels = 'labelNames' in metric && Array.isArray(metric.labelNames) ? metric.labelNames : [];
    return [name, { type: String(type), labels: labels.map(String).sort() }];
  });
  return Object.fromEntries(entries);
}
