import type { PanelData, PanelSeries, RowData, Target } from '../panels/panel.ts';
import type { PrometheusApi, Series, TimeRange } from '../prometheus/prometheus-api.ts';
import type { DashboardRow } from './dashboard.ts';
import { intervalOf, legendOf, substitute } from './grafana.ts';
import type { Interval } from './grafana.ts';

/** The time that a dashboard shows. Unix times and the interval of scrapes, in seconds. */
export interface Shown {
  readonly start: number;
  readonly end: number;
  readonly scrape: number;
}

export interface AskedRow {
  readonly row: RowData;
  /** The queries that returned nothing, by the title of their panel. */
  readonly empty: readonly string[];
}

/** Asks Prometheus the queries of all panels of a row. */
export async function askRow(
  { title, panels }: DashboardRow,
  { queryRange }: Pick<PrometheusApi, 'queryRange'>,
  { start, end, scrape }: Shown,
): Promise<AskedRow> {
  const interval = intervalOf({ range: end - start, scrape });
  const range = { start, end, step: interval.step };
  const empty: string[] = [];
  const asked: PanelData[] = [];
  for (const panel of panels) {
    const series: PanelSeries[] = [];
    for (const target of panel.targets ?? []) {
      const found = await askTarget(target, { queryRange, range, interval });
      if (found.length === 0) empty.push(`${panel.title}: no data for ${target.expr}`);
      series.push(...found);
    }
    asked.push({ panel, series });
  }
  return { row: { title, times: timesOf(range).map((time) => time - start), panels: asked }, empty };
}

interface Asking extends Pick<PrometheusApi, 'queryRange'> {
  readonly range: TimeRange;
  readonly interval: Interval;
}

async function askTarget(
  { refId, expr, legendFormat }: Target,
  { queryRange, range, interval }: Asking,
): Promise<PanelSeries[]> {
  const found = await queryRange(substitute(expr, interval), range);
  return found.map((series) => ({
    refId,
    name: legendOf(legendFormat, series.labels),
    values: aligned(series, range),
  }));
}

/** Prometheus leaves out times without a value. */
export function aligned({ points }: Pick<Series, 'points'>, range: TimeRange): (number | null)[] {
  const values = new Map(points.map(([time, value]) => [time.toFixed(3), value]));
  return timesOf(range).map((time) => {
    const value = values.get(time.toFixed(3));
    return value === undefined || !Number.isFinite(value) ? null : value;
  });
}

function timesOf({ start, end, step }: TimeRange): number[] {
  return Array.from({ length: Math.floor((end - start) / step) + 1 }, (_, at) => start + at * step);
}
