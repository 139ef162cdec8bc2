import type { Goal } from './goal.ts';
import { goalText, missedBy } from './goal.ts';
import { median } from './statistics.ts';

/** One line of the table. */
export interface Row {
  readonly what: string;
  readonly measured: string;
  /** What our programs need of the CPU for one of what the row is about; '' if that was not measured. */
  readonly cpu: string;
  /** Least and most over the rounds, in the unit of `measured`; '' if there is one value. */
  readonly spread: string;
  /** As in DESIGN.md 6; '' if it names none. */
  readonly reach: string;
  /** In words; '' if the goal is met, undefined if there is none. */
  readonly missedBy: string | undefined;
}

export interface Measured extends Goal {
  readonly what: string;
  /** One a round; their median counts. */
  readonly values: readonly number[];
  /** Of a value, in words. */
  readonly say: (value: number) => string;
  /** Behind the median, e.g. what it is a ratio of. */
  readonly beside?: string;
  readonly cpu?: string;
}

/** A row from what the rounds gave. */
export function rowOf({ what, values, say, beside = '', cpu = '', ...goal }: Measured): Row {
  const middle = median(values);
  return {
    what,
    measured: `${say(middle)}${beside === '' ? '' : ` (${beside})`}`,
    cpu,
    spread: values.length < 2 ? '' : `${say(Math.min(...values))} – ${say(Math.max(...values))}`,
    reach: goalText(goal, say),
    missedBy: missedBy(middle, goal, say),
  };
}

/** A row that this machine cannot measure, which is no failure of the run. */
export function unmeasuredRow(what: string, why: string): Row {
  return { what, measured: `not measured: ${why}`, cpu: '', spread: '', reach: '', missedBy: undefined };
}

export const say = {
  ratio: (value: number) => `${value.toFixed(2)} ×`,
  ms: (value: number) => `${value < 100 ? value.toFixed(1) : value.toFixed(0)} ms`,
  seconds: (value: number) => `${(value / 1000).toFixed(2)} s`,
  mb: (value: number) => `${value.toFixed(0)} MB`,
  share: (value: number) => `${(value * 100).toFixed(0)} %`,
  smallShare: (value: number) => `${(value * 100).toFixed(2)} %`,
  count: (value: number) => value.toFixed(0),
  /** Of milliseconds. */
  cpu: (value: number) => (value < 1 ? `${(value * 1000).toFixed(0)} µs` : say.ms(value)),
};

/** CPU time for one of many, e.g. `33 µs a request`. `one` has its article; times in milliseconds. '' if there was none. */
export function cpuEach(cpuMs: number, count: number, one: string): string {
  return count > 0 ? `${say.cpu(cpuMs / count)} ${one}` : '';
}
