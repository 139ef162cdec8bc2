export interface Point {
  /** Milliseconds. */
  readonly atMs: number;
  readonly value: number;
}

/** A straight line through points. */
export interface Slope {
  readonly perHour: number;
  /** Half of the 95 % interval. */
  readonly errorPerHour: number;
}

const HOUR_MS = 3_600_000;
/** A line through two points has no error, and Student's t is large for few. */
const LEAST_POINTS = 6;
/** Correlation above this leaves too few independent points. */
const MOST_CORRELATION = 0.9;

/**
 * The lowest value of each window. What requests and faults hold for a moment only adds, so the lowest value is nearest to what
 * the process holds at rest, and equal windows lower all values alike: the slope stays the same.
 */
export function windowMinima(points: readonly Point[], windowMs: number): Point[] {
  const lowest = new Map<number, Point>();
  for (const point of points) {
    const window = Math.floor(point.atMs / windowMs);
    const known = lowest.get(window);
    if (known === undefined || point.value < known.value) lowest.set(window, point);
  }
  return [...lowest.values()];
}

/**
 * Least squares. The residuals of successive windows are not independent: with a lag-1 correlation ρ, n of them count as
 * n (1 − ρ) / (1 + ρ), as for an autoregressive process. Undefined if there are too few points.
 */
export function slopeOf(points: readonly Point[]): Slope | undefined {
  const count = points.length;
  if (count < LEAST_POINTS) return undefined;
  const [meanAt, mean] = [meanOf(points.map(({ atMs }) => atMs)), meanOf(points.map(({ value }) => value))];
  const spread = sum(points.map(({ atMs }) => (atMs - meanAt) ** 2));
  const slope = sum(points.map(({ atMs, value }) => (atMs - meanAt) * (value - mean))) / spread;
  const residuals = points.map(({ atMs, value }) => value - mean - slope * (atMs - meanAt));
  const correlation = Math.min(MOST_CORRELATION, Math.max(0, correlationOf(residuals)));
  const effective = Math.max(4, (count * (1 - correlation)) / (1 + correlation));
  const variance = sum(residuals.map((residual) => residual ** 2)) / (count * (1 - 2 / effective));
  // The spread of `effective` points over the same time.
  const error = Math.sqrt((variance * count) / (spread * effective)) * studentT(effective - 2);
  return { perHour: slope * HOUR_MS, errorPerHour: error * HOUR_MS };
}

/** Of each value with the next. */
function correlationOf(values: readonly number[]): number {
  const products = values.slice(1).map((value, at) => value * (values[at] ?? 0));
  const squares = sum(values.map((value) => value ** 2));
  return squares === 0 ? 0 : sum(products) / squares;
}

/** The two-sided 95 % quantile of Student's t (Abramowitz and Stegun 26.7.5). Within 2 % from 3 degrees of freedom on. */
function studentT(freedom: number): number {
  const z = 1.959964;
  return (
    z +
    (z ** 3 + z) / (4 * freedom) +
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * freedom ** 2) +
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / (384 * freedom ** 3)
  );
}

function meanOf(values: readonly number[]): number {
  return sum(values) / values.length;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
