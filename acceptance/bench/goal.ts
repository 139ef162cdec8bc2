/** What DESIGN.md 6 wants of a figure ("reach"), in the figure's own unit. */
export interface Goal {
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** In words, as in DESIGN.md; '' if there is none. */
export function goalText({ atLeast, atMost }: Goal, say: (value: number) => string): string {
  return [
    ...(atLeast === undefined ? [] : [`≥ ${say(atLeast)}`]),
    ...(atMost === undefined ? [] : [`≤ ${say(atMost)}`]),
  ].join(', ');
}

/**
 * By how much the value misses the goal, in words: a share of the bound, or the distance to it if the bound is 0. '' if the goal is
 * met, undefined if there is none or nothing was measured.
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
