import { RE2JS } from 're2js';
import { annotation, withinLimit } from '../annotations/annotations.ts';
import { tooLongFault } from './annotation-text.ts';
import { excessOf, repeatsOf } from './expression-bounds.ts';
import type { Parsed } from './parsed.ts';
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

export interface Permits {
  /** Whether the expression is in order. */
  parse(expression: string): Parsed<true>;
  /** Whether the expression matches one of the names of the role, whole. */
  matches(expression: string, names: readonly string[]): Parsed<boolean>;
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
