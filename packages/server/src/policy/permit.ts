import { RE2JS } from 're2js';
import { annotation, limitBytesOf, withinLimit } from '../annotations/annotations.ts';
import { tooLongFault } from './annotation-text.ts';
import type { Parsed } from './annotation-text.ts';
import { oddity, plain, quote } from './quote.ts';
import { remember } from './remember.ts';

/** Cache size for all expressions and their verdicts, and for the verdicts of one expression, about 60 roles. Bytes. */
const EXPRESSIONS_BYTES = 12 * 1024 * 1024;
const VERDICTS_BYTES = 12 * 1024;

/**
 * The most work in a decision: instructions of the compiled expression × characters to match. An expression of 4 kB and a role
 * name of 100 characters are within it.
 */
const MOST_WORK = 1_000_000;
/** The same for quantifiers, which are the expensive part. */
const MOST_REPEATED_WORK = 80_000;

/** Also the limit of the length with counted repeats expanded. Bytes. */
const LONGEST_EXPRESSION = limitBytesOf(annotation.permitted);

/** The engine expands each to hundreds of ranges: 2,000 of them take 45 ms to compile, 110 ms if case is ignored. */
const MOST_UNICODE_CLASSES = 32;

/** Each can keep all following states alive at each character: about 1,300 in 4 kB take 65 ms for a short name. */
const MOST_REPEATS = 512;

/** A flag group that turns on case folding: `(?i)`, `(?si:...)`. */
const FOLDS_CASE = /\(\?[A-Za-z]*i/;
/** A character outside ASCII, literal or escaped. */
const BEYOND_ASCII = /[^\0-\x7f]|\\x\{/;

export interface Permits {
  /** Whether the expression is valid. */
  readonly parse: (expression: string) => Parsed<true>;
  /** Whether the expression matches one of the role's names as a whole. */
  readonly matches: (expression: string, names: readonly string[]) => Parsed<boolean>;
}

/**
 * The Namespaces' `permitted` expressions. An expression is compiled by itself and must match as a whole (wrapped in ^ and $,
 * `a|b` or `x)|(?:.*` would escape). The engine runs in linear time, so that no Namespace can stall the server. Verdicts are
 * cached. Only the last compiled expression is kept, because each can use 8 MB for its automaton.
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
    return { fault: `takes too much work for such a long role name: ${quote(expression)}; shorten it` };
  }
  return attempt(expression, () => names.some((name) => value.matches(name)));
}

/** The engine's error becomes a fault for the owner of the Namespace. */
function attempt<T>(expression: string, act: () => T): Parsed<T> {
  try {
    return { value: act() };
  } catch (error) {
    const why = error instanceof Error ? plain(error.message) : 'the engine failed';
    return {
      fault: `does not parse as an RE2 expression: ${quote(expression)}${oddity(expression)}: ${why}`,
    };
  }
}

/** Why the expression is too expensive to compile; undefined if it is not. Checked before the engine parses it. */
function excessOf(expression: string): string | undefined {
  if (expandedLength(expression) > LONGEST_EXPRESSION) return 'repeats too much (use fewer or smaller {n})';
  const repeats = repeatsOf(expression);
  if (repeats > MOST_REPEATS) return `has ${repeats} of * + ? and {n} (${MOST_REPEATS} are allowed)`;
  const classes = expression.match(/\\[pP]/g)?.length ?? 0;
  if (classes > MOST_UNICODE_CLASSES)
    return `has ${classes} Unicode classes (${MOST_UNICODE_CLASSES} are allowed; role names are ASCII)`;
  // A range outside ASCII is folded character by character: 500 of them take 1.8 s to compile.
  if (FOLDS_CASE.test(expression) && BEYOND_ASCII.test(expression))
    return 'ignores case and has characters outside ASCII (role names have none)';
  return undefined;
}

/** The number of quantifiers; escaped ones are counted too. */
function repeatsOf(expression: string): number {
  return expression.match(/[*+?{]/g)?.length ?? 0;
}

/**
 * An upper bound of the length with counted repeats expanded, which is the cost of compiling (1,000 times 4 kB takes seconds). A
 * repeated group counts as everything before its repeat.
 */
function expandedLength(expression: string): number {
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
