import { expect, it } from 'vitest';
import { createTurns } from '../scale/turns.ts';

it('Two act at a time, and the others in the order in which they came', async () => {
  const turns = createTurns(2);
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  for (const name of [1, 2, 3, 4])
    void turns.take().then((end) => {
      begun.push(name);
      ends.push(end);
    });
  await new Promise(setImmediate);
  expect(begun).toEqual([1, 2]);
  ends[0]?.();
  ends[0]?.();
  await new Promise(setImmediate);
  expect(begun).toEqual([1, 2, 3]);
  ends[1]?.();
  await new Promise(setImmediate);
  expect(begun).toEqual([1, 2, 3, 4]);
});
