import type { ValueKind } from './kinds.ts';
import { fault, quoted } from './kinds.ts';

/** One value as it was given, and by what: a flag as it was spelled, or an environment variable. */
export interface GivenText {
  readonly text: string;
  readonly by: string;
}

export type ReadOutcome<Value> = { readonly value: Value } | { readonly faults: readonly string[] };

/** One row of a program's table of flags. Its name is the key in the table. */
export interface Flag<Value> {
  readonly group: string;
  readonly help: string;
  /** What stands for the value; '' for a switch. */
  readonly placeholder: string;
  /** As docs show it; undefined: none. */
  readonly fallback: string | undefined;
  readonly required: boolean;
  readonly repeatable: boolean;
  /** Environment variables that count after the program's own. */
  readonly env: readonly string[];
  read(given: readonly GivenText[]): ReadOutcome<Value>;
  /** What holds when neither a flag nor the environment names it. */
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

/** A flag with a default, written as one would give it. */
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

/** A flag that may be left out. */
export function optional<Value>(kind: ValueKind<Value>, words: Words): Flag<Value | undefined> {
  return {
    ...common(kind, words),
    read: (given) => readOne(kind, given),
    absent: () => ({ value: undefined }),
  };
}

/** A flag without which the program does not start; `hint` ends the sentence "it is needed; …". */
export function needed<Value>(
  kind: ValueKind<Value>,
  { hint, ...words }: Words & { readonly hint: string },
): Flag<Value> {
  return {
    ...common(kind, words),
    required: true,
    read: (given) => readOne(kind, given),
    absent: () => ({ faults: [`it is needed; ${hint}`] }),
  };
}

/** A flag that may be repeated; each value may be several: between commas, or (`separator: 'line'`) on lines of their own. */
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
    /** Present: at least one is needed. */
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
        : { faults: [`it is needed; ${hint}`] },
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

/** The two words of a switch, as Go's programs take them. */
export function parseSwitch(text: string): { readonly value: boolean } | { readonly fault: string } {
  if (/^(true|t|1)$/i.test(text)) return { value: true };
  if (/^(false|f|0)$/i.test(text)) return { value: false };
  return fault(`${quoted(text)} is neither true nor false; give the flag alone, or =false`);
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
    return { faults: [`${first.by}: it is given twice, as ${both}; leave one out`] };
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
  const read = empty ? fault('the value is empty; leave it out or fill it in') : kind.parse(text);
  return 'fault' in read ? fault(`${by}: ${read.fault}`) : read;
}
