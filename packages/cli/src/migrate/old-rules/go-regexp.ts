import { RE2JS } from 're2js';

/** Longer expressions are not compiled: an annotation can have 256 KiB. Characters. */
const LONGEST = 64 * 1024;

export type GoMatch = 'matches' | 'differs' | { readonly fault: string };

/**
 * Go's regexp.MatchString: whether the expression matches anywhere. The engine is a port of Go's, with the same syntax and in
 * linear time.
 */
export function goMatches(expression: string, text: string): GoMatch {
  if (expression.length > LONGEST) return { fault: `is ${expression.length} characters long` };
  try {
    return RE2JS.compile(expression).matcher(text).find() ? 'matches' : 'differs';
  } catch (error) {
    return { fault: `does not parse: ${error instanceof Error ? error.message : 'the engine failed'}` };
  }
}
