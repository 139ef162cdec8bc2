import type { Parsed } from './annotation-text.ts';

/** The approximate size of a Map's entry with the headers of its strings and value. Bytes. */
const ENTRY_BYTES = 200;
/** The most that one character takes. */
const CHAR_BYTES = 2;

/** Cache size for all lists of one kind with their verdicts, and for the verdicts of one list. Bytes. */
const LISTS_BYTES = 16 * 1024 * 1024;
const VERDICTS_BYTES = 32 * 1024;
/** The most that a parsed list takes for each character of its text: a list of one-letter patterns. Bytes. */
const PARSED_BYTES = 16;

export interface RememberOptions<T> {
  /** For all texts and values; an entry of more than half of it is not cached. Bytes. */
  readonly bytes: number;
  /** The size of a value without its text. Bytes; 0 by default. */
  readonly weigh?: (value: T, text: string) => number;
}

/** Rules of one kind, with a cache of parsed texts and recent verdicts. */
export interface Rules<Rule, Verdict> {
  readonly parse: (text: string) => Parsed<Rule>;
  readonly judge: (text: string, subject: readonly string[]) => Parsed<Verdict>;
}

interface Made<T> {
  readonly value: T;
  readonly bytes: number;
}

/** Caches the results of `make` for recently used texts, up to a size in bytes. `make` must depend only on the text. */
export function remember<T>(
  { bytes: most, weigh = () => 0 }: RememberOptions<T>,
  make: (text: string) => T,
): (text: string) => T {
  /** The least recently used first. */
  const made = new Map<string, Made<T>>();
  let usedBytes = 0;

  function drop(text: string, { bytes }: Made<T>): void {
    made.delete(text);
    usedBytes -= bytes;
  }

  function keep(text: string, value: T): void {
    const bytes = ENTRY_BYTES + CHAR_BYTES * text.length + weigh(value, text);
    if (bytes > most / 2) return;
    for (const [oldest, entry] of made) {
      if (usedBytes + bytes <= most) break;
      drop(oldest, entry);
    }
    made.set(text, { value, bytes });
    usedBytes += bytes;
  }

  return (text) => {
    const known = made.get(text);
    if (known !== undefined) {
      made.delete(text);
      made.set(text, known);
      return known.value;
    }
    const value = make(text);
    keep(text, value);
    return value;
  };
}

/** `parse` and `judge` must depend only on their arguments. */
export function createRules<Rule, Verdict>(
  parse: (text: string) => Parsed<Rule>,
  judge: (rule: Rule, subject: readonly string[]) => Parsed<Verdict>,
): Rules<Rule, Verdict> {
  const weigh = (_: unknown, text: string) => VERDICTS_BYTES + PARSED_BYTES * text.length;
  const known = remember({ bytes: LISTS_BYTES, weigh }, (text) => {
    const parsed = parse(text);
    const judged = remember({ bytes: VERDICTS_BYTES }, (subject): Parsed<Verdict> =>
      'fault' in parsed ? parsed : judge(parsed.value, JSON.parse(subject) as string[]),
    );
    return { parsed, judged };
  });
  return {
    parse: (text) => known(text).parsed,
    judge: (text, subject) => known(text).judged(JSON.stringify(subject)),
  };
}
