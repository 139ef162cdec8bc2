/** All samples of a scrape by `name{labels}` as printed. */
export type MetricSamples = ReadonlyMap<string, number>;

/** Parses the text of /metrics. */
export function metricSamples(text: string): MetricSamples {
  const samples = new Map<string, number>();
  for (const line of text.split('\n')) {
    const at = line.lastIndexOf(' ');
    if (at > 0 && !line.startsWith('#')) samples.set(line.slice(0, at), Number(line.slice(at + 1)));
  }
  return samples;
}

/** Sums a metric's samples with matching labels. */
export function sumOfSamples(samples: MetricSamples, name: string, labels = /^/): number {
  return [...samples]
    .filter(([sample]) => sample.split('{', 1)[0] === name && labels.test(sample))
    .reduce((sum, [, value]) => sum + value, 0);
}
