import type { ValueKind } from './kinds.ts';
import { fault, quoted } from './kinds.ts';

/** A value and where it came from: the flag as spelled, or the environment variable. */
export interface GivenText {
  readonly text: string;
  readonly by: string;
}

export type ReadOutcome<Value> = { readonly value: Value } | { readonly faults: readonly string[] };

/** A row of a program's table of flags. The key in the table is the flag's name. */
export interface Flag<Value> {
  readonly group: string;
  readonly help: string;
  /** Stands for the value; '' for a switch. */
  readonly placeholder: string;
  /** The default as docs show it; undefined if there is none. */
  readonly fallback: string | undefined;
  readonly required: boolean;
  readonly repeatable: boolean;
  /** Environment variables that are read if the program's own is not set. */
  readonly env: readonly string[];
  read(given: readonly GivenText[]): ReadOutcome<Value>;
  /** The value if neither a flag nor the environment gives one. */
  absent(): ReadOutcome<Value>;
}

export type FlagTable = Readonly<Record<string, Flag<unknown>>>;

export type FlagValues<Table extends FlagTable> = {
  readonly [Name in keyof Table]: Table[Name] extends Flag<infer Value> ? Value : never;
};

interface Words {
  readonly group: string;
  readonly help: string;
  readonly env?: readonly string[];
}

/** A flag with a default, which is written as on the command line. */
export function setting<Value>(
  kind: ValueKind<Value>,
  { fallback, ...words }: Words & { readonly fallback: string },
): Flag<Value> {
  const read = (given: readonly GivenText[]) => readOne(kind, given);
  return {
    ...common(kind, words),
    fallback,
    read,
    absent: () => read([{ text: fallback, by: 'the default' }]),
  };
}

/** An optional flag without a default. */
export function optional<Value>(kind: ValueKind<Value>, words: Words): Flag<Value | undefined> {
  return {
    ...common(kind, words),
    read: (given) => readOne(kind, given),
    absent: () => ({ value: undefined }),
  };
}

/** A required flag. `hint` completes "a value is required; …". */
export function needed<Value>(
  kind: ValueKind<Value>,
  { hint, ...words }: Words & { readonly hint: string },
): Flag<Value> {
  return {
    ...common(kind, words),
    required: true,
    read: (given) => readOne(kind, given),
    absent: () => ({ faults: [`a value is required; ${hint}`] }),
  };
}

/** A repeatable flag. Each value can hold several, separated by commas or, with `separator: 'line'`, by newlines. */
export function list<Value>(
  kind: ValueKind<Value>,
  {
    fallback = [],
    separator,
    hint,
    ...words
  }: Words & {
    readonly fallback?: readonly string[];
    readonly separator: 'comma' | 'line';
    /** If present, at least one value is required. */
    readonly hint?: string;
  },
): Flag<readonly Value[]> {
  const read = (given: readonly GivenText[]) => readAll(kind, given, separator === 'comma' ? ',' : '\n');
  return {
    ...common(kind, words),
    fallback: fallback.length === 0 ? undefined : fallback.join(','),
    repeatable: true,
    required: hint !== undefined,
    read,
    absent: () =>
      hint === undefined
        ? read(fallback.map((text) => ({ text, by: 'the default' })))
        : { faults: [`a value is required; ${hint}`] },
  };
}

/** A switch, off by default: `--x`, `--no-x`, `--x=false`. */
export function toggle(words: Words): Flag<boolean> {
  const kind: ValueKind<boolean> = { placeholder: '', parse: parseSwitch };
  return {
    ...common(kind, words),
    fallback: 'false',
    read: (given) => readOne(kind, given),
    absent: () => ({ value: false }),
  };
}

/** Parses the value of a switch as Go programs do. */
export function parseSwitch(text: string): { readonly value: boolean } | { readonly fault: string } {
  if (/^(true|t|1)$/i.test(text)) return { value: true };
  if (/^(false|f|0)$/i.test(text)) return { value: false };
  return fault(`unknown value ${quoted(text)}; use true or false`);
}

function common<Value>(kind: ValueKind<Value>, { group, help, env = [] }: Words) {
  const plain = { fallback: undefined, required: false, repeatable: false };
  return { group, help, env, placeholder: kind.placeholder, ...plain };
}

function readOne<Value>(kind: ValueKind<Value>, given: readonly GivenText[]): ReadOutcome<Value> {
  const [first] = given;
  if (first === undefined) return { faults: ['it has no value'] };
  const other = given.find(({ text }) => text !== first.text);
  if (other !== undefined) {
    const both = `${quoted(first.text)} and ${quoted(other.text)}`;
    return { faults: [`${first.by}: given twice, as ${both}; remove one`] };
  }
  const read = parseText(kind, first);
  return 'fault' in read ? { faults: [read.fault] } : read;
}

function readAll<Value>(
  kind: ValueKind<Value>,
  given: readonly GivenText[],
  separator: string,
): ReadOutcome<readonly Value[]> {
  const values: Value[] = [];
  const faults: string[] = [];
  for (const { text, by } of given) {
    const parts = text.split(separator).map((part) => part.trim());
    const filled = parts.filter((part) => part !== '');
    for (const part of filled.length > 0 ? filled : ['']) {
      const read = parseText(kind, { text: part, by });
      if ('fault' in read) faults.push(read.fault);
      else values.push(read.value);
    }
  }
  return faults.length > 0 ? { faults } : { value: Object.freeze(values) };
}

function parseText<Value>(kind: ValueKind<Value>, { text, by }: GivenText) {
  const empty = text === '' && kind.takesEmpty !== true;
  const read = empty ? fault('the value is empty; set a value or remove the flag') : kind.parse(text);
  return 'fault' in read ? fault(`${by}: ${read.fault}`) : read;
}
