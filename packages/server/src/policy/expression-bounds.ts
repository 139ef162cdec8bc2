import { annotation, limitBytesOf } from '../annotations/annotations.ts';

/** What its counted repeats write out counts as well. Bytes. */
const LONGEST_EXPRESSION = limitBytesOf(annotation.permitted);

/** Each is a list of hundreds of ranges to the engine: 2,000 of them take 45 ms to compile, 110 ms without case. */
const MOST_UNICODE_CLASSES = 32;

/** Each may keep all that follows it alive at each character: some 1,300 in 4 kB take 65 ms over a short name. */
const MOST_REPEATS = 512;

/** A flag group that turns on the folding of case: `(?i)`, `(?si:...)`. */
const FOLDS_CASE = /\(\?[A-Za-z]*i/;
/** A character outside ASCII, as itself or by its number. */
const BEYOND_ASCII = /[^\0-\x7f]|\\x\{/;

/** What makes an expression too much to compile, for its owner. Looked at before the engine parses it. */
export function excessOf(expression: string): string | undefined {
  if (lengthWrittenOut(expression) > LONGEST_EXPRESSION)
    return 'repeats too much (write fewer or smaller {n})';
  const repeats = repeatsOf(expression);
  if (repeats > MOST_REPEATS) return `has ${repeats} of * + ? and {n} (${MOST_REPEATS} are allowed)`;
  const classes = expression.match(/\\[pP]/g)?.length ?? 0;
  if (classes > MOST_UNICODE_CLASSES)
    return `has ${classes} Unicode classes (${MOST_UNICODE_CLASSES} are allowed; the names of roles are ASCII)`;
  // A range outside ASCII is folded character by character: 500 of them take 1.8 s to compile.
  if (FOLDS_CASE.test(expression) && BEYOND_ASCII.test(expression))
    return 'ignores case and has characters outside ASCII (the names of roles have none)';
  return undefined;
}

/** How many quantifiers it has at the most: escaped ones count as well. */
export function repeatsOf(expression: string): number {
  return expression.match(/[*+?{]/g)?.length ?? 0;
}

/**
 * No less than the length of the expression with its counted repeats written out, which is what compiling it costs
 * (1,000 times 4 kB takes seconds). A repeated group counts as everything up to it.
 */
function lengthWrittenOut(expression: string): number {
  let length = 0;
  let from = 0;
  for (const repeat of expression.matchAll(/\{([0-9]+)(?:,([0-9]*))?\}/g)) {
    const times = Math.max(Number(repeat[1]), Number(repeat[2] ?? 0), 1);
    length += repeat.index - from;
    length = expression[repeat.index - 1] === ')' ? length * times : length + times;
    from = repeat.index + repeat[0].length;
  }
  return length + expression.length - from;
}
