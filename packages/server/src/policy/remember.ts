export interface RememberOptions<T> {
  /** Of all texts and values together; what takes more than half of it is made again each time. Bytes. */
  readonly bytes: number;
  /** What a value takes besides its text. Bytes; 0 by default. */
  readonly weigh?: (value: T, text: string) => number;
}

/** Of a Map's entry, the two strings' headers and the value's own. Bytes, roughly. */
const ENTRY_BYTES = 200;
/** Of one character, in the worst case. */
const CHAR_BYTES = 2;

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
