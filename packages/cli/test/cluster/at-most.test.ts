import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { atMost } from '../../src/cluster/at-most.ts';

describe('a limit of tasks at once', () => {
  it('runs as many as it allows, in their order, and goes on after a failure', async () => {
    const inTurn = atMost(2);
    const started: number[] = [];
    const ends = [0, 1, 2, 3].map(() => Promise.withResolvers<undefined>());
    const results = Promise.allSettled(
      ends.map((end, at) =>
        inTurn(async () => {
          started.push(at);
          await end.promise;
          return at;
        }),
      ),
    );
    await setImmediate();
    expect(started).toEqual([0, 1]);
    ends[1]?.reject(new Error('no'));
    await setImmediate();
    expect(started).toEqual([0, 1, 2]);
    for (const end of ends) end.resolve(undefined);
    expect((await results).map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
    ]);
  });
});
