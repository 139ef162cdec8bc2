import { describe, expect, it } from 'vitest';
import { wrap } from '../../src/output/wrap.ts';

describe('Wrapped lines', () => {
  it.each([
    { text: 'the rules are lost', width: 10, lines: ['the rules', 'are lost'] },
    { text: 'exactly ten', width: 11, lines: ['exactly ten'] },
    { text: 'exactly ten', width: 10, lines: ['exactly', 'ten'] },
    { text: '', width: 10, lines: [''] },
    { text: 'a arn:aws:iam::1:role', width: 10, lines: ['a', 'arn:aws:iam::1:role'] },
    { text: 'ääääää ßß', width: 6, lines: ['ääääää', 'ßß'] },
    { text: '😀😀 😀😀', width: 5, lines: ['😀😀 😀😀'] },
  ])('of "$text" fit $width columns', ({ text, width, lines }) => {
    expect(wrap(text, width)).toEqual(lines);
  });
});
