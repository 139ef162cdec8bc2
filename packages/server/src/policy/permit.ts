import { RE2JS } from 're2js';
import type { Parsed } from './parsed.ts';
import { plain, quote } from './quote.ts';
import { remember } from './remember.ts';
import { LONGEST_ROLE_ARN } from './role-arn.ts';

/** DESIGN.md 4.1: an expression over this is a bad rule. Bytes; what its counted repeats write out counts as well. */
const LONGEST_EXPRESSION = 4096;
/** Of the whole cluster; a Namespace has one. */
const EXPRESSIONS = { entries: 1000, longest: LONGEST_EXPRESSION };
/** Of one expression. */
const ROLES = { entries: 64, longest: LONGEST_ROLE_ARN };

export interface Permits {
  /** What is wrong with the expression, if anything. */
  fault(expression: string): string | undefined;
  /** Whether the expression matches one of the names of the role, whole. */
  matches(expression: string, names: readonly string[]): Parsed<boolean>;
}

/**
 * The Namespaces' `permitted` expressions. An expression is compiled by itself and matched whole (gluing ^ and $ around
 * it would let `a|b` or `x)|(?:.*` escape), by a linear-time engine, so that no Namespace can stall the server.
 * Verdicts are remembered, not compiled expressions: each of those can come to hold 8 MB of automaton.
 */
export function createPermits(): Permits {
  const known = remember(EXPRESSIONS, (expression) => {
    const compiled = compile(expression);
    return {
      fault: 'fault' in compiled ? compiled.fault : undefined,
      matches: remember(ROLES, (name) => match(expression, name)),
    };
  });

  return {
    fault: (expression) => known(expression).fault,
    matches(expression, names) {
      const { fault, matches } = known(expression);
      if (fault !== undefined) return { fault };
      for (const name of names) {
        const matched = matches(name);
        if ('fault' in matched || matched.value) return matched;
      }
      return { value: false };
    },
  };
}

function compile(expression: string): Parsed<RE2JS> {
  const bytes = Buffer.byteLength(expression);
  if (bytes > LONGEST_EXPRESSION) {
    return { fault: `is ${bytes} bytes long; ${LONGEST_EXPRESSION} are allowed` };
  }
  const writtenOut = lengthWrittenOut(expression);
  if (writtenOut > LONGEST_EXPRESSION) {
    return { fault: `repeats too much: ${quote(expression)}; write fewer or smaller {n}` };
  }
  return attempt(expression, () => RE2JS.compile(expression));
}

function match(expression: string, name: string): Parsed<boolean> {
  const compiled = compile(expression);
  return 'fault' in compiled ? compiled : attempt(expression, () => compiled.value.matches(name));
}

/** The engine's own error tells the owner of the Namespace what is wrong, and takes no other Pod along. */
function attempt<T>(expression: string, act: () => T): Parsed<T> {
  try {
    return { value: act() };
  } catch (error) {
    const why = error instanceof Error ? plain(error.message) : 'the engine fails';
    return { fault: `does not parse as an RE2 expression: ${quote(expression)}: ${why}` };
  }
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
