/** A group of alerts as in a PrometheusRule. */
export interface RuleGroup {
  readonly name: string;
  readonly rules: readonly AlertRule[];
}

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  /** A duration of Prometheus; undefined: fires at once. */
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** How much less time a run has than an operator. */
export interface Shortening {
  /** Every duration is divided by this. */
  readonly factor: number;
  /** The shortest `for` and window: a few scrapes. Milliseconds. */
  readonly leastMs: number;
  /** The longest. Milliseconds. */
  readonly mostMs: number;
}

const UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** A range window, such as `[5m]`. */
const WINDOW = /\[(\d+[a-z]+)\]/g;
/** A comparison of an age or of a remaining lifetime, such as `rolegate_feed_stale_seconds > 120` or `… < 6 * 3600`. */
const AGE = /(rolegate_(?!clock_skew)\w+_seconds(?:\{[^}]*\})?\)? [<>] )(\d+(?: \* \d+)?)/g;

/**
 * The rules for a run that has less time: each `for`, window, age and remaining lifetime is divided by the factor. Counts, rates
 * and shares stay, so a fault must be as many times as intense.
 */
export function shortenRules(groups: readonly RuleGroup[], shortening: Shortening): RuleGroup[] {
  return groups.map(({ name, rules }) => ({
    name,
    rules: rules.map((rule) => ({
      ...rule,
      expr: shortenExpression(rule.expr, shortening),
      ...(rule.for !== undefined && { for: shortenDuration(rule.for, shortening) }),
    })),
  }));
}

export function shortenExpression(expr: string, shortening: Shortening): string {
  return expr
    .replaceAll(WINDOW, (_, window: string) => `[${shortenDuration(window, shortening)}]`)
    .replaceAll(
      AGE,
      (_, comparison: string, age: string) => `${comparison}${secondsOf(age) / shortening.factor}`,
    );
}

/** Throws for a duration with more than one unit. */
export function shortenDuration(duration: string, { factor, leastMs, mostMs }: Shortening): string {
  const [, number = '', unit = ''] = /^(\d+)(ms|[smhd])$/.exec(duration) ?? [];
  const unitMs = UNITS_MS[unit];
  if (unitMs === undefined) throw new Error(`${duration} is not a duration with one unit`);
  return `${Math.min(mostMs, Math.max(leastMs, Math.round((Number(number) * unitMs) / factor)))}ms`;
}

function secondsOf(product: string): number {
  return product.split(' * ').reduce((all, number) => all * Number(number), 1);
}
