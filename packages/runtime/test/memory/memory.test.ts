import { describe, expect, it } from 'vitest';
import { createFakeClock } from '@rolegate/testing';
import { createMemory } from '../../src/memory/memory.ts';

describe('Memory', () => {
  it('The memory counts the current entries of each kind, summed up over several stores', async () => {
    const clock = createFakeClock();
    const memory = createMemory<'cups' | 'pots' | 'lids'>({ clock });
    const [near, far] = [
      memory.remember<true>('cups', { keepMs: 10, most: 5 }),
      memory.remember<true>('cups', { keepMs: 20, most: 5 }),
    ];
    memory.remember<true>('pots', { keepMs: 10, most: 5 });
    memory.count('lids', () => 7);
    near.set('a', true);
    far.set('a', true);
    expect(memory.sizes()).toEqual({ cups: 2, pots: 0, lids: 7 });
    await clock.advance(10);
    expect(memory.sizes()).toEqual({ cups: 1, pots: 0, lids: 7 });
  });
});
