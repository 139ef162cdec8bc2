import { parseJson } from '@rolegate/runtime';

/** ServiceAccount tokens have three levels. */
const DEEPEST = 8;

/** Everything in valid JSON but numbers, words and white space. */
const STRUCTURE = /"(?:[^"\\]|\\.)*"|[{}[\]:]/g;

/**
 * Reads a JSON object, and undefined for anything else. Also undefined if a name occurs twice in an object, because parsers
 * differ in which of the values they take.
 */
export function readStrictObject(text: string): Readonly<Record<string, unknown>> | undefined {
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return isUnambiguous(text) ? (value as Record<string, unknown>) : undefined;
}

/** For valid JSON. */
function isUnambiguous(text: string): boolean {
  /** The names of each open object; empty for lists. */
  const open: Set<string>[] = [];
  let last = '';
  for (const [part] of text.matchAll(STRUCTURE)) {
    if (part === '{' || part === '[') {
      if (open.push(new Set()) > DEEPEST) return false;
    } else if (part === '}' || part === ']') open.pop();
    else if (part !== ':') last = part;
    else if (!addName(open.at(-1), last)) return false;
  }
  return true;
}

function addName(names: Set<string> | undefined, literal: string): boolean {
  const name = JSON.parse(literal) as string; // "\u0061" and "a" are the same name
  if (names === undefined || names.has(name)) return false;
  names.add(name);
  return true;
}
