import { parseJson } from '@rolegate/runtime';
import type { Parsed } from './annotation-text.ts';
import { globMatchesWithin } from './glob.ts';
import type { Work } from './glob.ts';

/** The most steps for matching one list in a decision: about what an expression of 4 kB takes. */
const LIST_STEPS = 1_000_000;

/** The patterns of a list, with exact names in a set because they cost almost nothing. */
export interface GlobList {
  readonly exact: ReadonlySet<string>;
  readonly globs: readonly string[];
}

export const TOO_MUCH_WORK = 'takes too much work to match: use fewer globs, or names without * and ?';

export function globList(patterns: readonly string[]): GlobList {
  const isGlob = (pattern: string) => pattern.includes('*') || pattern.includes('?');
  return {
    exact: new Set(patterns.filter((pattern) => !isGlob(pattern))),
    // Without duplicates, which would cost again.
    globs: [...new Set(patterns.filter(isGlob))],
  };
}

export function listWork(): Work {
  return { left: LIST_STEPS };
}

/** Whether one of the patterns matches the whole text. Undefined if the steps run out first. */
export function listMatches({ exact, globs }: GlobList, text: string, work: Work): boolean | undefined {
  if (exact.has(text)) return true;
  for (const glob of globs) {
    // Each pattern costs at least one step.
    if (--work.left < 0) return undefined;
    const matches = globMatchesWithin(glob, text, work);
    if (matches !== false) return matches;
  }
  return false;
}

/** All patterns that match the whole text, as far as the steps suffice. */
export function matchingPatterns({ exact, globs }: GlobList, text: string, work: Work) {
  const wide = globs.filter((glob) => --work.left >= 0 && globMatchesWithin(glob, text, work) === true);
  return [
    ...(exact.has(text) ? [{ pattern: text, exact: true }] : []),
    ...wide.map((pattern) => ({ pattern, exact: false })),
  ];
}

/** A list of globs for external IDs or session tag keys. */
export function parseGlobs(text: string): Parsed<GlobList> {
  const list = parseStringList(text);
  return 'fault' in list ? list : { value: globList(list.value) };
}

/** The first value that no pattern matches; undefined if all are matched. All values share the steps of one list. */
export function matchesAll(list: GlobList, values: readonly string[]): Parsed<string | undefined> {
  const work = listWork();
  for (const value of values) {
    const matches = listMatches(list, value, work);
    if (matches === undefined) return { fault: TOO_MUCH_WORK };
    if (!matches) return { value };
  }
  return { value: undefined };
}

/** A JSON list of strings. An empty text is an empty list. */
export function parseStringList(text: string): Parsed<readonly string[]> {
  if (text === '') return { value: [] };
  const list = parseJson(text);
  if (list === undefined) return { fault: 'is not JSON: a list like ["app-*"] is expected' };
  if (!Array.isArray(list)) return { fault: 'is not a JSON list: write it like ["app-*"]' };
  if (!list.every((entry) => typeof entry === 'string')) {
    return { fault: 'has entries that are not strings: put each in double quotes' };
  }
  return { value: list };
}
