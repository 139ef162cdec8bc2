import { parseJson } from '@rolegate/runtime';
import type { Parsed } from './parsed.ts';

/** A JSON list of strings: the globs of a Namespace. An empty text is an empty list. */
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
