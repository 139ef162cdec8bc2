import type { Parsed } from './annotation-text.ts';

/** Of a Map's entry, the two strings' headers and the value's own. Bytes, roughly. */
const ENTRY_BYTES = 200;
/** Of one character, in the worst case. */
const CHAR_BYTES = 2;

/** Of all lists of one kind, verdicts included; and of the verdicts of one list. Bytes. */
const LISTS_BYTES = 16 * 1024 * 1024;
const VERDICTS_BYTES = 32 * 1024;
/** What a parsed list takes for each character of its text, a list of one-letter patterns at the worst. Bytes. */
const PARSED_BYTES = 16;

export interface RememberOptions<T> {
  /** Of all texts and values together; what takes more than half of it is made again each time. Bytes. */
  readonly bytes: number;
  /** What a value takes besides its text. Bytes; 0 by default. */
  readonly weigh?: (value: T, text: string) => number;
}

/** Rules of one kind, parsed once for each text, with what they say of the subjects that were asked for last. */
export interface Rules<Rule, Verdict> {
  readonly parse: (text: string) => Parsed<Rule>;
  readonly judge: (text: string, subject: readonly string[]) => Parsed<Verdict>;
}

interface Made<T> {
  readonly value: T;
  readonly bytes: number;
}

/**
 * Remembers what `make` returned for the texts that were asked for last, within a bound in bytes: foreign texts must not
 * fill the memory. `make` depends on nothing but the text.
 */
export function remember<T>(
  { bytes: most, weigh = () => 0 }: RememberOptions<T>,
  make: (text: string) => T,
): (text: string) => T {
  /** The one asked for longest ago first. */
  const made = new Map<string, Made<T>>();
  let held = 0;

  function drop(text: string, { bytes }: Made<T>): void {
    made.delete(text);
    held -= bytes;
  }

  function keep(text: string, value: T): void {
    const bytes = ENTRY_BYTES + CHAR_BYTES * text.length + weigh(value, text);
    if (bytes > most / 2) return;
    for (const [oldest, entry] of made) {
      if (held + bytes <= most) break;
      drop(oldest, entry);
    }
    made.set(text, { value, bytes });
    held += bytes;
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

/** `parse` and `judge` depend on nothing but their arguments. */
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
