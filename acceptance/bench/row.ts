import type { Goal } from './goal.ts';
import { goalText, missedBy } from './goal.ts';
import { median } from './statistics.ts';

/** A row of the table. */
export interface Row {
  readonly what: string;
  readonly measured: string;
  /** CPU time of our programs per unit, e.g. `33 µs a request`. Empty if not measured. */
  readonly cpu: string;
  /** Minimum and maximum of the rounds, in the unit of `measured`. Empty for one value. */
  readonly spread: string;
  /** The goal in DESIGN.md 6. Empty if there is none. */
  readonly reach: string;
  /** Empty if the goal is met, undefined without a goal. */
  readonly missedBy: string | undefined;
}

export interface Measured extends Goal {
  readonly what: string;
  /** A value for each round. Their median is reported. */
  readonly values: readonly number[];
  /** Formats a value. */
  readonly say: (value: number) => string;
  /** Shown after the median, e.g. the values of a ratio. */
  readonly note?: string;
  readonly cpu?: string;
}

export function rowOf({ what, values, say, note = '', cpu = '', ...goal }: Measured): Row {
  const middle = median(values);
  return {
    what,
    measured: `${say(middle)}${note === '' ? '' : ` (${note})`}`,
    cpu,
    spread: values.length < 2 ? '' : `${say(Math.min(...values))} – ${say(Math.max(...values))}`,
    reach: goalText(goal, say),
    missedBy: missedBy(middle, goal, say),
  };
}

/** A row for what this machine cannot measure, which does not fail the run. */
export function unmeasuredRow(what: string, why: string): Row {
  return { what, measured: `not measured: ${why}`, cpu: '', spread: '', reach: '', missedBy: undefined };
}

export const say = {
  ratio: (value: number) => `${value.toFixed(2)} ×`,
  ms: (value: number) => `${value < 100 ? value.toFixed(1) : value.toFixed(0)} ms`,
  seconds: (value: number) => `${(value / 1000).toFixed(2)} s`,
  mb: (value: number) => `${value.toFixed(0)} MB`,
  tenthMb: (value: number) => `${value.toFixed(1)} MB`,
  share: (value: number) => `${(value * 100).toFixed(0)} %`,
  smallShare: (value: number) => `${(value * 100).toFixed(2)} %`,
  count: (value: number) => value.toFixed(0),
  /** Milliseconds. */
  cpu: (value: number) => (value < 1 ? `${(value * 1000).toFixed(0)} µs` : say.ms(value)),
};

/** CPU time per unit, e.g. `33 µs a request`. `one` includes the article. Empty if the count is 0. */
export function cpuEach(cpuMs: number, count: number, one: string): string {
  return count > 0 ? `${say.cpu(cpuMs / count)} ${one}` : '';
}
