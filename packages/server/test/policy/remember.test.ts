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

describe('remember', () => {
  it('makes the value of a text once', () => {
    const { made, upper } = setup();
    expect([upper('a'), upper('a'), upper('b'), upper('a')]).toEqual(['A', 'A', 'B', 'A']);
    expect(made).toEqual(['a', 'b']);
  });

  it('forgets the text that was asked for longest ago', () => {
    const { made, upper } = setup();
    for (const text of ['a', 'b', 'a', 'c', 'a', 'b']) upper(text);
    expect(made).toEqual(['a', 'b', 'c', 'b']);
  });

  it('does not keep a text that takes more than half of its bytes, and drops no other for it', () => {
    const { made, upper } = setup();
    for (const text of ['a', 'l'.repeat(20), 'l'.repeat(20), 'a']) upper(text);
    expect(made).toEqual(['a', 'l'.repeat(20), 'l'.repeat(20)]);
  });

  it('returns the same as without a memory and never holds more than its bytes, whatever is asked', () => {
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
