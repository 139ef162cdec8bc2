import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { remember } from '../../src/policy/remember.ts';

/** Room for two texts of up to ten characters. */
const BYTES = 450;

function setup(bytes = BYTES) {
  const made: string[] = [];
  const upper = remember({ bytes, weigh: () => 0 }, (text) => {
    made.push(text);
    return text.toUpperCase();
  });
  return { made, upper };
}

describe('Remembered values', () => {
  it('The value of a text is computed once', () => {
    const { made, upper } = setup();
    expect([upper('a'), upper('a'), upper('b'), upper('a')]).toEqual(['A', 'A', 'B', 'A']);
    expect(made).toEqual(['a', 'b']);
  });

  it('The least recently used text is forgotten first', () => {
    const { made, upper } = setup();
    for (const text of ['a', 'b', 'a', 'c', 'a', 'b']) upper(text);
    expect(made).toEqual(['a', 'b', 'c', 'b']);
  });

  it('A text that takes more than half of the bytes is not kept, and no other is dropped for it', () => {
    const { made, upper } = setup();
    for (const text of ['a', 'l'.repeat(20), 'l'.repeat(20), 'a']) upper(text);
    expect(made).toEqual(['a', 'l'.repeat(20), 'l'.repeat(20)]);
  });

  it('Remembering never changes a value and never takes more than its bytes', () => {
    const text = fc.string({ maxLength: 60 });
    fc.assert(
      fc.property(fc.array(text, { maxLength: 60 }), fc.integer({ min: 0, max: 3000 }), (texts, bytes) => {
        const { made, upper } = setup(bytes);
        for (const one of texts) expect(upper(one)).toBe(one.toUpperCase());
        const before = made.length;
        // What is still held is made once more only if it was dropped: count what a second round finds, newest first.
        const newest = [...new Set([...texts].reverse())];
        let held = 0;
        for (const one of newest) {
          const makes = made.length;
          if (makes !== before) break;
          upper(one);
          if (made.length === makes) held += 200 + 2 * one.length;
        }
        expect(held).toBeLessThanOrEqual(bytes);
      }),
    );
  });
});
