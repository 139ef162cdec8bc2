import { RE2JS } from 're2js';
import { annotation, limitBytesOf, withinLimit } from '../annotations/annotations.ts';
import { tooLongFault } from './annotation-text.ts';
import type { Parsed } from './annotation-text.ts';
import { oddity, plain, quote } from './quote.ts';
import { remember } from './remember.ts';

/** Of all expressions of the cluster, verdicts included; and of the verdicts of one, some sixty roles. Bytes. */
const EXPRESSIONS_BYTES = 12 * 1024 * 1024;
const VERDICTS_BYTES = 12 * 1024;

/**
 * Instructions of the compiled expression times characters that it is matched with: what a decision may take. An
 * expression of 4 kB over the names of a role of 100 characters stays within it.
 */
const MOST_WORK = 1_000_000;
/** The same of its quantifiers, which are what costs. */
const MOST_REPEATED_WORK = 80_000;

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

export interface Permits {
  /** Whether the expression is valid. */
  readonly parse: (expression: string) => Parsed<true>;
  /** Whether the expression matches one of the names of the role, whole. */
  readonly matches: (expression: string, names: readonly string[]) => Parsed<boolean>;
}

/**
 * The Namespaces' `permitted` expressions. An expression is compiled by itself and matched whole (gluing ^ and $ around
 * it would let `a|b` or `x)|(?:.*` escape), by a linear-time engine, so that no Namespace can stall the server.
 * Verdicts are remembered. Of compiled expressions only the last is kept: each can come to hold 8 MB of automaton.
 */
export function createPermits(): Permits {
  let last: { readonly expression: string; readonly compiled: Parsed<RE2JS> } | undefined;

  function compiledOf(expression: string): Parsed<RE2JS> {
    if (last?.expression !== expression) last = { expression, compiled: compile(expression) };
    return last.compiled;
  }

  const known = remember({ bytes: EXPRESSIONS_BYTES, weigh: () => VERDICTS_BYTES }, (expression) => {
    const compiled = compiledOf(expression);
    return {
      parsed: 'fault' in compiled ? compiled : ({ value: true } as const),
      matches: remember({ bytes: VERDICTS_BYTES }, (names) =>
        match(expression, compiledOf(expression), JSON.parse(names) as string[]),
      ),
    };
  });

  return {
    parse: (expression) => known(expression).parsed,
    matches: (expression, names) => known(expression).matches(JSON.stringify(names)),
  };
}

function compile(expression: string): Parsed<RE2JS> {
  const text = withinLimit(annotation.permitted, expression);
  if (typeof text !== 'string') return { fault: tooLongFault(text) };
  const excess = excessOf(expression);
  if (excess !== undefined) return { fault: `${excess}: ${quote(expression)}` };
  return attempt(expression, () => RE2JS.compile(expression));
}

function match(expression: string, compiled: Parsed<RE2JS>, names: readonly string[]): Parsed<boolean> {
  if ('fault' in compiled) return compiled;
  const { value } = compiled;
  const length = names.reduce((sum, name) => sum + name.length, 0);
  if (value.programSize() * length > MOST_WORK || repeatsOf(expression) * length > MOST_REPEATED_WORK) {
    return { fault: `takes too much work for so long a role name: ${quote(expression)}; write it shorter` };
  }
  return attempt(expression, () => names.some((name) => value.matches(name)));
}

/** The engine's own error tells the owner of the Namespace what is wrong, and takes no other Pod along. */
function attempt<T>(expression: string, act: () => T): Parsed<T> {
  try {
    return { value: act() };
  } catch (error) {
    const why = error instanceof Error ? plain(error.message) : 'the engine fails';
    return {
      fault: `does not parse as an RE2 expression: ${quote(expression)}${oddity(expression)}: ${why}`,
    };
  }
}

/** What makes an expression too much to compile, for its owner. Looked at before the engine parses it. */
function excessOf(expression: string): string | undefined {
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
function repeatsOf(expression: string): number {
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
