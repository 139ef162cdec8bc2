import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { createPermits } from '../../src/policy/permit.ts';

const ARN = 'arn:aws:iam::123456789012:role/team-a';

function setup() {
  const permits = createPermits();
  const matches = (expression: string, ...names: string[]) => {
    const matched = permits.matches(expression, names);
    return 'fault' in matched ? matched.fault : matched.value;
  };
  return { permits, matches };
}

describe('Permitted expression', () => {
  it.each([
    { expression: '.*', name: ARN, matches: true },
    { expression: '.*:role/team-a', name: ARN, matches: true },
    { expression: 'team-a', name: 'team-a', matches: true },
    { expression: '^team-a$', name: 'team-a', matches: true },
    { expression: '^team-a$|^team-b$', name: 'team-b', matches: true },
    { expression: 'team-a', name: 'team-a-admin', matches: false },
    { expression: 'team-a', name: 'my-team-a', matches: false },
    { expression: 'team', name: ARN, matches: false },
    { expression: '', name: 'team-a', matches: false },
    { expression: 'team-a|team-b', name: 'team-a', matches: true },
    { expression: 'team-a|team-b', name: 'team-b', matches: true },
    { expression: 'team-a|team-b', name: 'team-a-admin', matches: false },
    { expression: 'team-a|team-b', name: 'x-team-b', matches: false },
    { expression: 'team-a|team-b|team-c', name: 'x-team-b-x', matches: false },
    { expression: 'a|ab', name: 'ab', matches: true },
    { expression: '(?i)TEAM-A', name: 'team-a', matches: true },
    { expression: 'team-[a-z]{1,30}', name: 'team-a', matches: true },
    { expression: 'team-a\n', name: 'team-a', matches: false },
    { expression: '(?m)^team-a$', name: 'team-a\nx', matches: false },
  ])('The match of "$expression" against "$name" is $matches', ({ expression, name, matches }) => {
    expect(setup().matches(expression, name)).toBe(matches);
  });

  it('An expression matches any one of the names of a role', () => {
    const { matches } = setup();
    expect(matches('team-a', ARN, 'team-a')).toBe(true);
    expect(matches('team-b', ARN, 'team-a')).toBe(false);
  });

  it.each([
    { expression: '(', why: 'missing closing' },
    { expression: 'x)|(?:.*', why: 'unexpected )' },
    { expression: '*', why: 'does not parse' },
    { expression: '[z-a]', why: 'does not parse' },
    { expression: '(?=a)a', why: 'does not parse' },
    { expression: '(a)\\1', why: 'does not parse' },
    { expression: '(?<=a)b', why: 'does not parse' },
    { expression: 'x'.repeat(4097), why: '4097 bytes long' },
    { expression: 'é'.repeat(2049), why: '4098 bytes long' },
    { expression: '(?:a?){1000}'.repeat(300), why: 'repeats too much' },
    { expression: '(?:[^x]{0,999})'.repeat(200), why: 'repeats too much' },
    { expression: `(?:${'ab?'.repeat(400)}){900}`, why: 'repeats too much' },
    { expression: `(?:(?:a{100}){100}){10}`, why: 'repeats too much' },
    { expression: `a{${'9'.repeat(400)}}`, why: 'repeats too much' },
  ])('A bad expression permits nothing, and its fault is named: $expression', ({ expression, why }) => {
    const { permits, matches } = setup();
    expect(permits.parse(expression)).toHaveProperty('fault', expect.stringContaining(why));
    expect(matches(expression, 'x', 'y', '')).toContain(why);
  });

  it('An expression of 4 kB without counted repeats is valid', () => {
    const expression = Array.from({ length: 372 }, (_, i) => `role-${String(i).padStart(5, '0')}`).join('|');
    expect(expression.length).toBeLessThanOrEqual(4096);
    const { permits, matches } = setup();
    expect(permits.parse(expression)).toEqual({ value: true });
    expect(matches(expression, 'role-00371')).toBe(true);
    expect(matches(expression, 'role-00372')).toBe(false);
  });

  it('An expression of literal names matches these names and nothing longer', () => {
    const name = fc.stringMatching(/^[a-z-]{1,12}$/);
    const names = fc.uniqueArray(name, { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(names, name, fc.constantFrom('', 'x', '-admin'), (permitted, prefix, suffix) => {
        const expression = permitted.join('|');
        const { matches } = setup();
        for (const one of permitted) expect(matches(expression, one)).toBe(true);
        const [first = ''] = permitted;
        for (const other of [`${prefix}${first}${suffix}`, `${first}${suffix}`, `${prefix}${first}`]) {
          expect(matches(expression, other)).toBe(permitted.includes(other));
        }
      }),
    );
  });

  it('An expression agrees with a whole match of the same expression in JavaScript', () => {
    const pieces = fc.array(
      fc.constantFrom('a', 'b', '.', 'a*', 'b?', '(a|b)', '(?:ab|a)', '[ab]+', '|', 'a{2}'),
      { maxLength: 6 },
    );
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 });
    fc.assert(
      fc.property(pieces, text, (parts, name) => {
        const expression = parts.join('');
        expect(setup().matches(expression, name)).toBe(new RegExp(`^(?:${expression})$`).test(name));
      }),
      { numRuns: 500 },
    );
  });

  it('No expression makes the match throw, and each fault is one bounded line', () => {
    const { permits } = setup();
    const grim = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.string({ unit: fc.constantFrom(...'()[]{}|*+?\\^$.ax1,-:<>=!PpQE'.split(/(?:)/)), maxLength: 60 }),
    );
    fc.assert(
      fc.property(grim, fc.string({ unit: 'binary' }), (expression, name) => {
        const matched = permits.matches(expression, [name]);
        if ('fault' in matched) expect(matched.fault).toMatch(/^[\x20-\x7e]{1,2000}$/);
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    { expression: '(a+)+$' },
    { expression: '(a|aa)+' },
    { expression: '(?:a?)'.repeat(600) },
    { expression: '(.*)*'.repeat(700) },
    { expression: '.*a.{10}'.repeat(200) },
  ])('An expression is matched against a long name without a stall: $expression', ({ expression }) => {
    const started = performance.now();
    setup().matches(expression, `${'a'.repeat(expression.length > 100 ? 600 : 10_240)}!`);
    // Backtracking would never end; the limit leaves room for a slow machine.
    expect(performance.now() - started).toBeLessThan(3000);
  });
});
