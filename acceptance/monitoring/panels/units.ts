import type { FieldOptions } from './panel.ts';

/** Grafana's unit `s`: the largest unit that the value reaches, from its length in seconds. */
const TIMES = [
  { seconds: 31_536_000, word: 'years' },
  { seconds: 604_800, word: 'weeks' },
  { seconds: 86_400, word: 'days' },
  { seconds: 3_600, word: 'hours' },
  { seconds: 60, word: 'mins' },
  { seconds: 1, word: 's' },
  { seconds: 1e-3, word: 'ms' },
  { seconds: 0, word: 'µs' },
];
const PER_SECOND: Readonly<Record<string, string>> = {
  reqps: 'req/s',
  pps: 'p/s',
  cps: 'c/s',
  eps: 'evt/s',
};
const SIGNIFICANT = 3;

/** The text for a value, as Grafana writes it. */
export function formatValue(value: number, { unit = 'short', mappings = [] }: FieldOptions): string {
  const mapped = mappings
    .map(({ options }) => options[String(value)]?.text)
    .find((text) => text !== undefined);
  if (mapped !== undefined) return mapped;
  if (unit === 's') return seconds(value);
  if (unit === 'short') return short(value);
  if (unit === 'none') return rounded(value);
  if (unit.startsWith('suffix:')) return `${short(value)}${unit.slice('suffix:'.length)}`;
  const suffix = PER_SECOND[unit];
  if (suffix === undefined) throw new Error(`the page does not know the unit ${unit}`);
  return `${short(value)} ${suffix}`;
}

/** A time since the start of the run, in seconds, as minutes and seconds. */
export function runTime(time: number): string {
  return `${Math.floor(time / 60)}:${String(Math.floor(time % 60)).padStart(2, '0')}`;
}

function seconds(value: number): string {
  if (value === 0) return '0 s';
  const { seconds: length, word } = TIMES.find(({ seconds: least }) => Math.abs(value) >= least) ?? {
    seconds: 1,
    word: 's',
  };
  return `${rounded(value / (length === 0 ? 1e-6 : length))} ${word}`;
}

function short(value: number): string {
  if (Math.abs(value) >= 1e6) return `${rounded(value / 1e6)} Mil`;
  return Math.abs(value) >= 1e3 ? `${rounded(value / 1e3)} K` : rounded(value);
}

function rounded(value: number): string {
  return String(Number(value.toPrecision(SIGNIFICANT)));
}
