import { record } from '@rolegate/runtime';

/** Longer texts are cut: an agent of a stolen node can answer anything. Characters. */
const LONGEST_TEXT = 2_048;
/** Larger objects are cut. */
const MOST_MEMBERS = 256;

/** What a field's reader makes of a value; undefined: absent or of another type. */
export type Read<T> = (value: unknown) => T | undefined;

export const text: Read<string> = (value) =>
  typeof value === 'string'
    ? value.length <= LONGEST_TEXT
      ? value
      : `${value.slice(0, LONGEST_TEXT)}…`
    : undefined;

export const number: Read<number> = (value) =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined;

export const flag: Read<boolean> = (value) => (typeof value === 'boolean' ? value : undefined);

/** True, or what is wrong. */
export const check: Read<boolean | string> = (value) => flag(value) ?? text(value);

/** Items that cannot be read are skipped; at most `most` are kept. */
export function list<T>(value: unknown, read: Read<T>, most: number): readonly T[] {
  if (!Array.isArray(value)) return [];
  return value.slice(0, most).flatMap((item: unknown) => {
    const one = read(item);
    return one === undefined ? [] : [one];
  });
}

/** Members that cannot be read are skipped. */
export function members<T>(value: unknown, read: Read<T>): Readonly<Record<string, T>> {
  const all = Object.entries(record(value)).slice(0, MOST_MEMBERS);
  return Object.fromEntries(
    all.flatMap(([key, item]): [string, T][] => {
      const one = read(item);
      return one === undefined ? [] : [[text(key) ?? '', one]];
    }),
  );
}

/** The fields of an object; undefined if the value is none. */
export function fields(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}
