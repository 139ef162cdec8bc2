import { describe, expect, it } from 'vitest';
import { goalText, missedBy } from '../goal.ts';

const say = (value: number) => `${value} s`;

describe('missedBy', () => {
  it('A miss is given as a share of the bound, in either direction', () => {
    expect(missedBy(1.08, { atMost: 1 }, say)).toBe('8 %');
    expect(missedBy(0.9, { atLeast: 1.2 }, say)).toBe('25 %');
  });

  it('A miss of a bound of 0 is given as the distance', () => {
    expect(missedBy(3, { atMost: 0 }, say)).toBe('3 s');
  });

  it('A small miss is not rounded to zero', () => {
    expect(missedBy(1.001, { atMost: 1 }, say)).toBe('less than 1 %');
  });

  it('A value equal to the bound meets the goal', () => {
    expect(missedBy(1, { atMost: 1 }, say)).toBe('');
    expect(missedBy(1.2, { atLeast: 1.2 }, say)).toBe('');
  });

  it('Nothing is judged without a goal or a value', () => {
    expect(missedBy(1, {}, say)).toBeUndefined();
    expect(missedBy(NaN, { atMost: 1 }, say)).toBeUndefined();
  });
});

describe('goalText', () => {
  it('A goal is written as in DESIGN.md', () => {
    expect(goalText({ atLeast: 1, atMost: 2 }, say)).toBe('≥ 1 s, ≤ 2 s');
    expect(goalText({}, say)).toBe('');
  });
});
