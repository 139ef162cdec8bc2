import { describe, expect, it } from 'vitest';
import { createFakeClock } from '@rolegate/testing';
import { createLogLimiter } from '../../src/log/log-limiter.ts';
import type { LogLimiterOptions } from '../../src/log/log-limiter.ts';

function setup(more: Partial<LogLimiterOptions<string>> = {}) {
  const clock = createFakeClock();
  const ends: unknown[] = [];
  const isWritten = createLogLimiter<string>({
    clock,
    lines: 2,
    windowMs: 1_000,
    ended: (leftOut, last, of) => ends.push([of, last, leftOut]),
    ...more,
  });
  return { clock, ends, isWritten };
}

describe('Log limiter', () => {
  it('A burst of log lines is thinned out per key, and its end reports the number left out and the last line', async () => {
    const { clock, ends, isWritten } = setup();
    const written = ['a1', 'a2', 'b1', 'a3', 'a4'].filter((line) => isWritten('', line.slice(0, 1), line));
    expect(written).toEqual(['a1', 'a2', 'b1']);
    expect(clock.pending).toBe(1);
    await clock.advance(1_000);
    expect(ends).toEqual([['key', 'a4', 2]]);
    expect(isWritten('', 'a', 'a5')).toBe(true);
  });

  it('The limiter keeps a timer only while lines are left out, and starts over after each window', async () => {
    const { clock, ends, isWritten } = setup();
    for (let window = 0; window < 3; window++) {
      expect(['a', 'a'].map((line) => isWritten('', 'a', line))).toEqual([true, true]);
      expect(clock.pending).toBe(0);
      await clock.advance(1_000);
    }
    expect(ends).toEqual([]);
  });

  it('Keys beyond the limit of a group share one count, and hide no line of another group', async () => {
    const { clock, ends, isWritten } = setup();
    const written = Array.from({ length: 2_000 }, (_, n) => isWritten('storm', `key ${n}`, `${n}`));
    expect(written.filter((is) => is)).toHaveLength(64 + 2);
    expect(isWritten('other', 'key 0', 'first')).toBe(true);
    await clock.advance(1_000);
    expect(ends).toEqual([['group', '1999', 2_000 - 64 - 2]]);
  });

  it('Groups beyond the limit share one count', async () => {
    const { clock, ends, isWritten } = setup({ mostGroups: 10 });
    for (let n = 0; n < 20; n++) isWritten(`group ${n}`, 'key', `${n}`);
    await clock.advance(1_000);
    expect(ends).toEqual([['all', '19', 8]]);
  });

  it('The limiter forgets the groups of a window when that window ends', async () => {
    const { clock, isWritten } = setup({ mostGroups: 1, lines: 1 });
    for (const group of ['a', 'b', 'c']) {
      expect([group, 'other'].map((name) => isWritten(name, 'key', ''))).toEqual([true, true]);
      await clock.advance(1_000);
    }
  });
});
