import { describe, expect, it } from 'vitest';
import { goalText, missedBy } from '../goal.ts';

const say = (value: number) => `${value} s`;

describe('missedBy', () => {
  it('says by what share of the bound a value misses it, in either direction', () => {
    expect(missedBy(1.08, { atMost: 1 }, say)).toBe('8 %');
    expect(missedBy(0.9, { atLeast: 1.2 }, say)).toBe('25 %');
  });

  it('says the distance itself if the bound is 0, which has no shares', () => {
    expect(missedBy(3, { atMost: 0 }, say)).toBe('3 s');
  });

  it('does not round a small miss to none', () => {
    expect(missedBy(1.001, { atMost: 1 }, say)).toBe('less than 1 %');
  });

  it('counts a value on the bound as one that reaches the goal', () => {
    expect(missedBy(1, { atMost: 1 }, say)).toBe('');
    expect(missedBy(1.2, { atLeast: 1.2 }, say)).toBe('');
  });

  it('judges nothing without a goal or without a value', () => {
    expect(missedBy(1, {}, say)).toBeUndefined();
    expect(missedBy(NaN, { atMost: 1 }, say)).toBeUndefined();
  });
});

describe('goalText', () => {
  it('names the bounds as DESIGN.md does', () => {
    expect(goalText({ atLeast: 1, atMost: 2 }, say)).toBe('≥ 1 s, ≤ 2 s');
    expect(goalText({}, say)).toBe('');
  });
});
