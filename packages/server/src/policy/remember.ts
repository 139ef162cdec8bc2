export interface RememberOptions {
  readonly entries: number;
  /** Longer texts are looked at anew each time. Characters. */
  readonly longest: number;
}

/** Remembers what `make` said of the newest texts, within bounds: foreign texts must not fill the memory. */
export function remember<T>(
  { entries, longest }: RememberOptions,
  make: (text: string) => T,
): (text: string) => T {
  const made = new Map<string, { readonly value: T }>();

  return (text) => {
    const known = made.get(text);
    if (known !== undefined) return known.value;
    const value = make(text);
    if (text.length > longest) return value;
    const [oldest] = made.keys();
    if (made.size >= entries && oldest !== undefined) made.delete(oldest);
    made.set(text, { value });
    return value;
  };
}
