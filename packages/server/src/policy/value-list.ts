import { globList, listMatches, listWork, TOO_MUCH_WORK } from './glob-list.ts';
import type { GlobList } from './glob-list.ts';
import type { Parsed } from './parsed.ts';
import { parseStringList } from './string-list.ts';

/** A list of globs on external IDs or on keys of session tags. */
export function parseGlobs(text: string): Parsed<GlobList> {
  const list = parseStringList(text);
  return 'fault' in list ? list : { value: globList(list.value) };
}

/** The first value that no pattern matches; undefined if all are matched. They share one list's work. */
export function matchesAll(list: GlobList, values: readonly string[]): Parsed<string | undefined> {
  const work = listWork();
  for (const value of values) {
    const matches = listMatches(list, value, work);
    if (matches === undefined) return { fault: TOO_MUCH_WORK };
    if (!matches) return { value };
  }
  return { value: undefined };
}
