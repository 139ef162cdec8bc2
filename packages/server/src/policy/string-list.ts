import type { Parsed } from './parsed.ts';

/** Some 1,500 role ARNs. With it the time that one list takes is bounded. Characters. */
export const LONGEST_LIST = 65_536;

/** A JSON list of strings: the globs of a Namespace. */
export function parseStringList(text: string): Parsed<readonly string[]> {
  if (text.length > LONGEST_LIST) {
    return { fault: `is ${text.length} characters long; ${LONGEST_LIST} are allowed` };
  }
  const list = parseJson(text);
  if (!Array.isArray(list)) return { fault: 'is not a JSON list; write it like ["name-*"]' };
  if (!list.every((entry) => typeof entry === 'string')) {
    return { fault: 'has entries that are not strings; put each in double quotes' };
  }
  return { value: list };
}

/** Undefined where it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
