import { topLevelParts } from './alternatives.ts';

/**
 * The same permits as globs of `iam.amazonaws.com/allowed-roles`, for an expression that Rolegate cannot compile. Undefined if it
 * has more than names, `.`, `.*`, `.+` and alternatives.
 */
export function asGlobs(expression: string): readonly string[] | undefined {
  const globs: string[] = [];
  for (const part of topLevelParts(withoutGroup(expression.trim()))) {
    const glob = asGlob(withoutGroup(part));
    if (glob === undefined) return undefined;
    globs.push(glob);
  }
  return globs.length > 0 && globs.every((glob) => glob !== '') ? [...new Set(globs)] : undefined;
}

function asGlob(part: string): string | undefined {
  const body = part.replace(/^\^/, '').replace(/(?<!\\)\$$/, '');
  let glob = '';
  for (let at = 0; at < body.length; at += 1) {
    const rest = body.slice(at);
    const [, escaped, plain] = /^(?:\\([^\w\s])|([\w+=,@:/-]))/.exec(rest) ?? [];
    const literal = escaped ?? plain;
    if (rest.startsWith('.*')) {
      glob += '*';
      at += 1;
    } else if (rest.startsWith('.+')) {
      glob += '?*';
      at += 1;
    } else if (rest.startsWith('.')) {
      // A dot in an ARN or a name is rarely meant as any character, but it is one.
      glob += '?';
    } else if (literal === undefined || escaped === '*' || escaped === '?' || isQuantified(rest, literal)) {
      return undefined;
    } else {
      glob += literal;
      if (rest.startsWith('\\')) at += 1;
    }
  }
  return glob;
}

/** `+` is a sign of role names, but after a sign it is a quantifier. */
function isQuantified(rest: string, literal: string): boolean {
  const next = rest.charAt(rest.startsWith('\\') ? 2 : 1);
  return ['*', '+', '?', '{'].includes(next) || (literal === '+' && !rest.startsWith('\\'));
}

/** `^(…)$` and `(?:…)` around the whole. */
function withoutGroup(expression: string): string {
  const [, inner] = /^\^?\((?:\?:)?([^()]*)\)\$?$/.exec(expression) ?? [];
  return inner ?? expression;
}
