/** A goal ("reach") of DESIGN.md 6, in the unit of the figure. */
export interface Goal {
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** As in DESIGN.md, e.g. `≤ 5.0 ms`. Empty without a goal. */
export function goalText({ atLeast, atMost }: Goal, say: (value: number) => string): string {
  return [
    ...(atLeast === undefined ? [] : [`≥ ${say(atLeast)}`]),
    ...(atMost === undefined ? [] : [`≤ ${say(atMost)}`]),
  ].join(', ');
}

/**
 * How far the value misses the goal: a percentage of the bound, or the distance if the bound is 0. Empty if the goal is met, undefined
 * without a goal or a measurement.
 */
export function missedBy(
  value: number,
  { atLeast, atMost }: Goal,
  say: (value: number) => string,
): string | undefined {
  if ((atLeast === undefined && atMost === undefined) || Number.isNaN(value)) return undefined;
  if (atLeast !== undefined && value < atLeast) return distance(atLeast - value, atLeast, say);
  if (atMost !== undefined && value > atMost) return distance(value - atMost, atMost, say);
  return '';
}

function distance(missing: number, bound: number, say: (value: number) => string): string {
  if (bound === 0) return say(missing);
  const percent = Math.round((missing * 100) / bound);
  return percent === 0 ? 'less than 1 %' : `${percent} %`;
}
