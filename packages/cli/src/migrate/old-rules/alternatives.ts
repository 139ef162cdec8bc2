/**
 * Whether an expression has alternatives outside any group. kiam anchors only the first at its start and the last at its end, so
 * that it permits more than it says.
 */
export function hasOpenAlternatives(expression: string): boolean {
  return topLevelParts(expression).length > 1;
}

/** The alternatives outside any group, class or quotation. */
export function topLevelParts(expression: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let inClass = false;
  let from = 0;
  for (let at = 0; at < expression.length; at += 1) {
    const sign = expression.charAt(at);
    if (sign === '\\') {
      const quoted = expression.charAt(at + 1) === 'Q';
      const end = quoted ? expression.indexOf('\\E', at) : at + 1;
      at = end < 0 ? expression.length : quoted ? end + 1 : end;
    } else if (inClass) {
      inClass = sign !== ']';
    } else if (sign === '[') {
      inClass = true;
      // A bracket at the beginning of a class is part of it.
      const [, skipped = ''] = /^\[(\^?\]?)/.exec(expression.slice(at, at + 3)) ?? [];
      at += skipped.length;
    } else if (sign === '(') depth += 1;
    else if (sign === ')') depth -= 1;
    else if (sign === '|' && depth === 0) {
      parts.push(expression.slice(from, at));
      from = at + 1;
    }
  }
  return [...parts, expression.slice(from)];
}
