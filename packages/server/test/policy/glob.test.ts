import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { globMatches } from '../../src/policy/glob.ts';

describe('Glob', () => {
  it.each([
    { pattern: '', text: '', matches: true },
    { pattern: '', text: 'a', matches: false },
    { pattern: 'a', text: 'a', matches: true },
    { pattern: 'a', text: 'aa', matches: false },
    { pattern: 'a', text: 'ba', matches: false },
    { pattern: '*', text: '', matches: true },
    { pattern: '*', text: 'a/b', matches: true },
    { pattern: 'a*', text: 'a/b/c', matches: true },
    { pattern: '*c', text: 'a/b/c', matches: true },
    { pattern: 'a*b*c', text: 'aXbYbZc', matches: true },
    { pattern: 'a*b*c', text: 'aXcYb', matches: false },
    { pattern: '?', text: '', matches: false },
    { pattern: 'a?c', text: 'abc', matches: true },
    { pattern: 'a?c', text: 'ac', matches: false },
    { pattern: 'a.c', text: 'abc', matches: false },
    { pattern: '[ab]', text: 'a', matches: false },
    { pattern: '[ab]', text: '[ab]', matches: true },
    { pattern: 'a|b', text: 'a', matches: false },
    { pattern: '**', text: 'abc', matches: true },
    { pattern: '*?', text: '', matches: false },
    { pattern: 'a*', text: 'b', matches: false },
  ])('The match of "$pattern" against "$text" is $matches', ({ pattern, text, matches }) => {
    expect(globMatches(pattern, text)).toBe(matches);
  });

  it('A glob agrees with the same glob written as a regular expression', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '.', '/'), maxLength: 12 });
    const globs = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*', '?'), maxLength: 8 });
    fc.assert(
      fc.property(globs, letters, (pattern, text) => {
        const source = pattern.replaceAll('.', '\\.').replaceAll('*', '[^]*').replaceAll('?', '[^]');
        expect(globMatches(pattern, text)).toBe(new RegExp(`^(?:${source})$`).test(text));
      }),
      { numRuns: 500 },
    );
  });

  it('A glob with many stars is matched without a stall', () => {
    expect(globMatches(`${'*a'.repeat(500)}*b`, 'a'.repeat(10_000))).toBe(false);
  });
});
