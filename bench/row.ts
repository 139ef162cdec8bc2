import { median } from './statistics.ts';

/** One line of the table. */
export interface Row {
  readonly what: string;
  readonly measured: string;
  /** Least and most over the rounds, in the unit of `measured`; '' where there is one value. */
  readonly spread: string;
  /** As in DESIGN.md 6; '' where it names none. */
  readonly reach: string;
  /** Undefined where there is nothing to reach. */
  readonly ok: boolean | undefined;
}

export interface Measured {
  readonly what: string;
  /** One a round; their median counts. */
  readonly values: readonly number[];
  /** Of a value, in words. */
  readonly say: (value: number) => string;
  /** Behind the median, e.g. what it is a ratio of. */
  readonly beside?: string;
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** A row from what the rounds gave. */
export function rowOf({ what, values, say, beside = '', atLeast, atMost }: Measured): Row {
  const middle = median(values);
  const bounds = [
    ...(atLeast === undefined ? [] : [{ said: `≥ ${say(atLeast)}`, kept: middle >= atLeast }]),
    ...(atMost === undefined ? [] : [{ said: `≤ ${say(atMost)}`, kept: middle <= atMost }]),
  ];
  return {
    what,
    measured: `${say(middle)}${beside === '' ? '' : ` (${beside})`}`,
    spread: values.length < 2 ? '' : `${say(Math.min(...values))} – ${say(Math.max(...values))}`,
    reach: bounds.map(({ said }) => said).join(', '),
    ok: bounds.length === 0 || Number.isNaN(middle) ? undefined : bounds.every(({ kept }) => kept),
  };
}

export const say = {
  ratio: (value: number) => `${value.toFixed(2)} ×`,
  ms: (value: number) => `${value < 100 ? value.toFixed(1) : value.toFixed(0)} ms`,
  seconds: (value: number) => `${(value / 1000).toFixed(2)} s`,
  mb: (value: number) => `${value.toFixed(0)} MB`,
  share: (value: number) => `${(value * 100).toFixed(0)} %`,
  count: (value: number) => value.toFixed(0),
};
