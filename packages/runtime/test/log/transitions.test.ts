import { describe, expect, it } from 'vitest';
import { createArrivals, createTransition } from '@rolegate/runtime';

function record(tellsChanges: boolean) {
  const told: string[] = [];
  const look = createTransition<string>({
    begins: (fact) => told.push(`begins: ${fact}`),
    ends: () => told.push('ends'),
    ...(tellsChanges && { changes: (fact: string) => told.push(`changes: ${fact}`) }),
  });
  return { told, look };
}

describe('Transitions', () => {
  it('A transition is reported when a fact begins and when it ends, and not while it stays', () => {
    const { told, look } = record(false);
    for (const now of [undefined, 'full', 'full', undefined, undefined, 'full']) look(now);
    expect(told).toEqual(['begins: full', 'ends', 'begins: full']);
  });

  it('A transition reports that a fact became another one only if asked to', () => {
    const [quiet, loud] = [record(false), record(true)];
    for (const { look } of [quiet, loud]) for (const now of ['half', 'full', 'full']) look(now);
    expect(quiet.told).toEqual(['begins: half']);
    expect(loud.told).toEqual(['begins: half', 'changes: full']);
  });
});

describe('Arrivals', () => {
  it('Arrivals are the items that the previous call did not have, and missing items are reported as removed', () => {
    const compare = createArrivals<number>();
    const first = new Map([
      ['a', 1],
      ['b', 2],
    ]);
    expect(compare(first)).toEqual({ added: [1, 2], removed: [] });
    expect(compare(first)).toEqual({ added: [], removed: [] });
    expect(compare(new Map([['b', 2]]))).toEqual({ added: [], removed: [1] });
  });
});
