import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { hasOpenAlternatives } from '../../src/migrate/old-rules/alternatives.ts';
import { asGlobs } from '../../src/migrate/old-rules/as-globs.ts';
import { goMatches } from '../../src/migrate/old-rules/go-regexp.ts';
import { permitsInstead } from '../../src/migrate/old-rules/instead.ts';
import type { OldRules } from '../../src/migrate/old-rules/old-system.ts';
import { BASE } from './permits.ts';

it.each(['a|b', '(a)|b', '^a|b$', '(a|b)|c', '[(]|a', '[]|]|a', '\\(|a', '\\Q(\\E|a', 'a|'])(
  'The expression %s has alternatives without a group',
  (expression) => {
    expect(hasOpenAlternatives(expression)).toBe(true);
  },
);

it.each(['a', '(a|b)', '(?:a|b)c', '[a|b]', 'a\\|b', '\\Qa|b\\E', '[^]|]', '[\\]|]', '', '(a|b'])(
  'The expression %s has no alternatives without a group',
  (expression) => {
    expect(hasOpenAlternatives(expression)).toBe(false);
  },
);

it.each([
  ['app', ['app']],
  ['^app$', ['app']],
  ['app-.*', ['app-*']],
  ['team/.+', ['team/?*']],
  ['app.one', ['app?one']],
  ['app\\.one', ['app.one']],
  ['a|b|a', ['a', 'b']],
  ['(a|b)', ['a', 'b']],
  ['^(?:a|b.*)$', ['a', 'b*']],
  [`${BASE}a|${BASE}b`, [`${BASE}a`, `${BASE}b`]],
  ['a\\+b', ['a+b']],
])('The expression %s is the same as the globs %j', (expression, globs) => {
  expect(asGlobs(expression)).toEqual(globs);
});

it.each(['a+', 'a?', 'ab*', 'a{2}', '[ab]', 'x(a|b)', '(?i)a', '\\d', 'a|', 'a\\*', '\\w', 'a b', '('])(
  'The expression %s cannot be written as globs',
  (expression) => {
    expect(asGlobs(expression)).toBeUndefined();
  },
);

const kiam: OldRules = { kind: 'kiam', baseArn: BASE, matches: 'arn', strict: true };

it('Permits that Rolegate does not accept are replaced by the same as globs, for the ARN as kiam has it', () => {
  expect(permitsInstead(kiam, `${BASE}a|.*role/b`, [], BASE)).toEqual({
    list: ['a', 'arn:*role/b'],
    isSame: true,
  });
});

it('Permits that cannot be written as globs are replaced by the roles that the Pods have', () => {
  const roles = [`${BASE}a`, 'arn:aws:iam::210987654321:role/b'];
  expect(permitsInstead(kiam, '(?i)[a]', roles, BASE)).toEqual({
    list: ['a', 'arn:aws:iam::210987654321:role/b'],
    isSame: false,
  });
});

/** Expression, text and what Go 1.26 answered: `matches`, `differs` or `fault`. The expressions are random. */
const recorded = JSON.parse(readFileSync(new URL('go-regexp.json', import.meta.url), 'utf8')) as [
  string,
  string,
  string,
][];

it('Expressions match what they match in Go', () => {
  const answers = recorded.map(([expression, text]) => {
    const match = goMatches(expression, text);
    return [expression, text, typeof match === 'string' ? match : 'fault'];
  });
  expect(answers).toEqual(recorded);
  expect(recorded.length).toBe(240);
});
