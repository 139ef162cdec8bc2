export interface ReadHeaders {
  /** In the order of the names. Undefined: absent; the last one if it occurs several times. */
  readonly values: readonly (string | undefined)[];
  /** A header of `once` occurs several times, so it is ambiguous. */
  readonly repeated: boolean;
}

/**
 * Reads some of a request's headers in one pass over alternating names and values, as the HTTP server provides them. `names` are
 * in lower case; the first `once` of them must not be repeated.
 */
export function readHeaders(raw: readonly string[], names: readonly string[], once: number): ReadHeaders {
  const values = new Array<string | undefined>(names.length).fill(undefined);
  let repeated = false;
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const index = names.indexOf((raw[at] ?? '').toLowerCase());
    if (index === -1) continue;
    repeated ||= index < once && values[index] !== undefined;
    values[index] = raw[at + 1] ?? '';
  }
  return { values, repeated };
}
