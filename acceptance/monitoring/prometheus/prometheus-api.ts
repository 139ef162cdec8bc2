/** Longest query. Milliseconds. */
const TIMEOUT_MS = 30_000;

export type Labels = Readonly<Record<string, string>>;

/** A value of a series at one time. */
export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

/** The values of a series over time. */
export interface Series {
  readonly labels: Labels;
  /** Unix time in seconds, and the value. */
  readonly points: readonly (readonly [number, number])[];
}

/** In seconds. */
export interface TimeRange {
  /** Unix time. */
  readonly start: number;
  /** Unix time. */
  readonly end: number;
  readonly step: number;
}

/** A pending or firing alert. Prometheus has expanded its annotations. */
export interface ActiveAlert {
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly state: 'pending' | 'firing';
  /** RFC 3339. */
  readonly activeAt: string;
  readonly value: string;
}

export interface ScrapedTarget {
  readonly labels: Labels;
  readonly health: 'up' | 'down' | 'unknown';
  readonly lastError: string;
}

/** The HTTP API of Prometheus, version 1. */
export interface PrometheusApi {
  /** Evaluates the expression now, or at a Unix time in seconds. Throws if the result is not an instant vector. */
  readonly query: (expr: string, time?: number) => Promise<Sample[]>;
  readonly queryRange: (expr: string, range: TimeRange) => Promise<Series[]>;
  readonly alerts: () => Promise<ActiveAlert[]>;
  readonly targets: () => Promise<ScrapedTarget[]>;
}

type Answer =
  | { readonly status: 'success'; readonly data: unknown }
  | { readonly status: 'error'; readonly errorType: string; readonly error: string };

/** `[time, value]`; the value is text because it may be NaN or Inf. */
type RawPoint = readonly [number, string];

interface InstantSeries {
  readonly metric: Labels;
  readonly value: RawPoint;
}

interface RangeSeries {
  readonly metric: Labels;
  readonly values: readonly RawPoint[];
}

export function createPrometheusApi(url: string): PrometheusApi {
  async function get(path: string, parameters: Readonly<Record<string, string>> = {}): Promise<unknown> {
    const answer = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters).toString()}`, {
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const body = (await answer.json()) as Answer;
    if (body.status === 'success') return body.data;
    throw new Error(`Prometheus rejects ${parameters['query'] ?? path}: ${body.error}`);
  }

  return {
    async query(expr, time) {
      const data = await get('query', { query: expr, ...(time !== undefined && { time: String(time) }) });
      const { resultType, result } = data as { resultType: string; result: InstantSeries[] };
      if (resultType !== 'vector') throw new Error(`${expr} is a ${resultType}, not a vector`);
      return result.map(({ metric, value }) => ({ labels: metric, value: numberOf(value[1]) }));
    },
    async queryRange(expr, { start, end, step }) {
      const range = { start: String(start), end: String(end), step: String(step) };
      const { result } = (await get('query_range', { query: expr, ...range })) as { result: RangeSeries[] };
      return result.map(({ metric, values }) => ({
        labels: metric,
        points: values.map(([time, value]) => [time, numberOf(value)] as const),
      }));
    },
    async alerts() {
      return ((await get('alerts')) as { alerts: ActiveAlert[] }).alerts;
    },
    async targets() {
      return ((await get('targets')) as { activeTargets: ScrapedTarget[] }).activeTargets;
    },
  };
}

/** Prometheus writes `+Inf` and `-Inf`. */
function numberOf(text: string): number {
  return Number(text.replace('Inf', 'Infinity'));
}
