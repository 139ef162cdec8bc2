import type { Labels } from '../prometheus/prometheus-api.ts';

/** Points that a panel of half the width asks for. */
const MOST_POINTS = 600;

/** A time range as a panel asks for it. Seconds. */
export interface Interval {
  readonly step: number;
  readonly rateInterval: number;
}

/**
 * Grafana's $__interval and $__rate_interval for a range and the smallest step of a query. In the dashboard that is the charts'
 * scrape interval, and here it is that of the run. Seconds.
 */
export function intervalOf({ range, scrape }: { readonly range: number; readonly scrape: number }): Interval {
  const step = Math.max(scrape, Math.ceil(range / MOST_POINTS));
  return { step, rateInterval: Math.max(step + scrape, 4 * scrape) };
}

/** Replaces the dashboard's variables: all Namespaces are selected. Throws if one is left. */
export function substitute(expr: string, { rateInterval }: Interval): string {
  const text = expr.replaceAll('$__rate_interval', `${rateInterval}s`).replaceAll('$namespace', '.*');
  const left = /\$\w+/.exec(text)?.[0];
  if (left !== undefined) throw new Error(`nobody replaces ${left} in ${expr}`);
  return text;
}

/** The name of a series. Without a format it is the labels. */
export function legendOf(format: string, labels: Labels): string {
  if (format === '') {
    const { __name__: name = '', ...rest } = labels;
    const pairs = Object.entries(rest).map(([key, value]) => `${key}="${value}"`);
    return `${name}{${pairs.join(', ')}}`;
  }
  return format.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, label: string) => labels[label] ?? '');
}
