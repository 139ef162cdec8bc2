import { expect, it } from 'vitest';
import { createCounts } from '@rolegate/runtime';

it('A key counts as often as it was added and not removed', () => {
  const counts = createCounts<string>();
  counts.add('a');
  counts.add('a');
  counts.add('b');
  expect(counts.remove('a')).toBe(1);
  expect(['a', 'b', 'c'].map(counts.of)).toEqual([1, 1, 0]);
  expect(counts.remove('a')).toBe(0);
  expect(counts.of('a')).toBe(0);
});

it('A key that is removed more often than it was added has none, and the next one counts', () => {
  const counts = createCounts<string>();
  expect(counts.remove('a')).toBe(0);
  counts.add('a');
  expect(counts.of('a')).toBe(1);
});
