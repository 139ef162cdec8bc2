import { describe, expect, it } from '@jest/globals';
import { createFakeClock } from '@rolegate/testing';
import { createStorms } from '../src/storms.ts';

function setup() {
  const clock = createFakeClock();
  const ends: unknown[] = [];
  const isWritten = createStorms<string>({
    ...{ clock, lines: 2, windowMs: 1_000 },
    ended: (leftOut, subject) => ends.push([subject, leftOut]),
  });
  return { clock, ends, isWritten };
}

describe('a storm of lines', () => {
  it('is thinned out for each key, and its end says what was left out, and of whom last', async () => {
    const { clock, ends, isWritten } = setup();
    const written = ['a1', 'a2', 'b1', 'a3', 'a4'].filter((line) => isWritten(line.slice(0, 1), line));
    expect(written).toEqual(['a1', 'a2', 'b1']);
    expect(clock.pending).toBe(1);
    await clock.advance(1_000);
    expect(ends).toEqual([['a4', 2]]);
    expect(isWritten('a', 'a5')).toBe(true);
  });

  it('has a timer only while something is left out, and begins anew after each window', async () => {
    const { clock, ends, isWritten } = setup();
    for (let window = 0; window < 3; window++) {
      expect(['a', 'a'].map((line) => isWritten('a', line))).toEqual([true, true]);
      expect(clock.pending).toBe(0);
      await clock.advance(1_000);
    }
    expect(ends).toEqual([]);
  });

  it('of more keys than can be remembered shares one count', async () => {
    const { clock, ends, isWritten } = setup();
    for (let key = 0; key < 2_000; key++) isWritten(`key ${key}`, `${key}`);
    await clock.advance(1_000);
    expect(ends).toEqual([[undefined, 2_000 - 1_024 - 2]]);
  });
});
