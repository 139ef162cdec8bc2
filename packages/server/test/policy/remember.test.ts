import { describe, expect, it } from '@jest/globals';
import { remember } from '../../src/policy/remember.ts';

function setup() {
  const made: string[] = [];
  const upper = remember({ entries: 2, longest: 3 }, (text) => {
    made.push(text);
    return text.toUpperCase();
  });
  return { made, upper };
}

describe('remember', () => {
  it('makes once', () => {
    const { made, upper } = setup();
    expect([upper('a'), upper('a'), upper('b'), upper('a')]).toEqual(['A', 'A', 'B', 'A']);
    expect(made).toEqual(['a', 'b']);
  });

  it('forgets the oldest of too many', () => {
    const { made, upper } = setup();
    for (const text of ['a', 'b', 'c', 'b', 'c', 'a']) upper(text);
    expect(made).toEqual(['a', 'b', 'c', 'a']);
  });

  it('does not keep what is too long', () => {
    const { made, upper } = setup();
    expect([upper('long'), upper('long')]).toEqual(['LONG', 'LONG']);
    expect(made).toEqual(['long', 'long']);
  });
});
