import { expect, it } from 'vitest';
import { groupBy, withResolvers } from '../src/node-20.ts';

it('Node.js 20 groups items as later versions do', () => {
  const parity = (item: string, at: number) => (at % 2 === 0 ? 'even' : 'odd');
  expect(groupBy('abc', parity)).toEqual(Map.groupBy('abc', parity));
});

it('Node.js 20 makes promises that others resolve or reject', async () => {
  const good = withResolvers<string>();
  good.resolve('done');
  expect(await good.promise).toBe('done');
  const bad = withResolvers();
  bad.reject(new Error('failed'));
  await expect(bad.promise).rejects.toThrow('failed');
});
