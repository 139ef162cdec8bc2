import { describe, expect, it } from 'vitest';
import { createFakeClock } from '@rolegate/testing';
import { createRemembered } from '../../src/memory/remembered.ts';
import type { RememberedOptions } from '../../src/memory/remembered.ts';

const KEEP_MS = 1_000;

function setup(options: Partial<RememberedOptions<number>> = {}) {
  const clock = createFakeClock();
  const dropped: string[] = [];
  const remembered = createRemembered<number>({
    clock,
    keepMs: KEEP_MS,
    most: 4,
    dropped: (key, value, why) => dropped.push(`${key}=${value} ${why}`),
    ...options,
  });
  const keys = () => remembered.entries().map(([key]) => key);
  return { clock, remembered, dropped, keys };
}

describe('Remembered names', () => {
  it('A name is remembered for its time, counted from when it was last set', async () => {
    const { clock, remembered } = setup();
    remembered.set('a', 1);
    await clock.advance(KEEP_MS - 1);
    expect(remembered.get('a')).toBe(1);
    remembered.set('a', 2);
    await clock.advance(KEEP_MS - 1);
    expect(remembered.get('a')).toBe(2);
    await clock.advance(1);
    expect(remembered.get('a')).toBeUndefined();
  });

  it('A name is not returned after its time, whenever the next sweep is, unless it is needed', async () => {
    const { clock, remembered, dropped } = setup({ stays: (key) => key === 'needed' });
    for (const key of ['first', 'a', 'needed']) {
      remembered.set(key, 1);
      await clock.advance(1);
    }
    await clock.advance(KEEP_MS - 1);
    expect(['a', 'needed'].map((key) => [key, remembered.peek(key), remembered.get(key)])).toEqual([
      ['a', 1, undefined],
      ['needed', 1, 1],
    ]);
    expect(dropped).toEqual(['first=1 time', 'a=1 time']);
  });

  it('A name is dropped when its time is over, although nothing is read or set', async () => {
    const { clock, remembered, dropped } = setup();
    remembered.set('a', 1);
    expect(clock.pending).toBe(1);
    await clock.advance(KEEP_MS);
    expect(dropped).toEqual(['a=1 time']);
    expect(remembered.peek('a')).toBeUndefined();
    expect(clock.pending).toBe(0);
  });

  it('Many names share one timer', async () => {
    const { clock, remembered, dropped } = setup({ most: 1_000 });
    for (let i = 0; i < 500; i++) {
      remembered.set(String(i), i);
      await clock.advance(1);
    }
    expect(clock.pending).toBe(1);
    await clock.advance(2 * KEEP_MS);
    expect([dropped.length, clock.pending]).toEqual([500, 0]);
  });

  it('A deleted name leaves no timer, and is not reported as dropped', async () => {
    const { clock, remembered, dropped } = setup();
    remembered.set('a', 1);
    expect([remembered.delete('a'), remembered.delete('a'), clock.pending]).toEqual([true, false, 0]);
    remembered.set('b', 2);
    remembered.clear();
    expect([remembered.size, clock.pending]).toEqual([0, 0]);
    await clock.advance(KEEP_MS);
    expect(dropped).toEqual([]);
  });

  it("A name's time starts again while the name is needed", async () => {
    let isNeeded = true;
    const { clock, remembered, dropped } = setup({ stays: (key) => key === 'a' && isNeeded });
    remembered.set('a', 1);
    remembered.set('b', 2);
    await clock.advance(10 * KEEP_MS);
    expect([remembered.get('a'), remembered.get('b')]).toEqual([1, undefined]);
    isNeeded = false;
    await clock.advance(KEEP_MS);
    expect(remembered.get('a')).toBeUndefined();
    expect(dropped).toEqual(['b=2 time', 'a=1 time']);
  });

  it('A name without a time limit stays, and has no timer', async () => {
    const { clock, remembered } = setup({ keepMs: Infinity });
    remembered.set('a', 1);
    await clock.advance(1e12);
    expect([remembered.get('a'), clock.pending]).toEqual([1, 0]);
  });
});

describe('Room for names', () => {
  it('The oldest name of the owner with the most makes room', () => {
    const { remembered, dropped, keys } = setup();
    remembered.set('small', 0, 'shop');
    for (let i = 0; i < 6; i++) remembered.set(`made-up-${i}`, i, 'greedy');
    expect(keys()).toEqual(['small', 'made-up-3', 'made-up-4', 'made-up-5']);
    expect(dropped).toEqual(['made-up-0=0 room', 'made-up-1=1 room', 'made-up-2=2 room']);
    remembered.set('another', 1, 'other');
    expect(keys()).toEqual(['small', 'made-up-4', 'made-up-5', 'another']);
  });

  it('The oldest name of all makes room if no owner has more than another', () => {
    const { remembered, keys } = setup();
    for (const key of ['a', 'b', 'c', 'd']) remembered.set(key, 0, key);
    remembered.set('a', 1, 'a');
    remembered.set('e', 0, 'e');
    expect(keys()).toEqual(['c', 'd', 'a', 'e']);
  });

  it('Names whose time is over take no room', async () => {
    const { clock, remembered, dropped, keys } = setup();
    for (const key of ['x', 'y']) {
      remembered.set(key, 0, 'greedy');
      await clock.advance(1);
    }
    remembered.set('z', 0, 'greedy');
    await clock.advance(KEEP_MS - 1);
    // The time of y is just over, and no sweep has run since.
    expect(remembered.peek('y')).toBe(0);
    for (const key of ['u', 'v', 'w']) remembered.set(key, 0, key);
    expect(keys()).toEqual(['z', 'u', 'v', 'w']);
    expect(dropped).toEqual(['x=0 time', 'y=0 time']);
  });
});
