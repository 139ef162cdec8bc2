import { describe, expect, it } from 'vitest';
import { createMemory } from '@rolegate/runtime';
import { createFakeClock } from '@rolegate/testing';
import { createPodTombstones } from '../../../src/feed/table/pod-tombstones.ts';
import type { MemoryKind } from '../../../src/memory/memory.ts';

const versions = { pod: '7', namespace: '7', serviceAccount: '7' };

function setup() {
  const clock = createFakeClock();
  const memory = createMemory<MemoryKind>({ clock });
  const tombstones = createPodTombstones({ clock, memory });
  return { clock, tombstones, remembered: () => memory.sizes()['pods_gone'] };
}

describe('Pod tombstones', () => {
  it('A removed Pod is remembered for ten minutes, even if no other Pod is removed', async () => {
    const { clock, tombstones, remembered } = setup();
    tombstones.add('a', versions, 'shop');
    await clock.advance(599_999);
    expect([tombstones.forbids('a', versions), remembered()]).toEqual([true, 1]);
    await clock.advance(1);
    expect([tombstones.forbids('a', versions), remembered(), clock.pending]).toEqual([false, 0, 0]);
  });

  it('A removed Pod is not forgotten because Pods of another Namespace come and go', () => {
    const { tombstones, remembered } = setup();
    tombstones.add('mine', versions, 'shop');
    for (let at = 0; at < 11_000; at++) tombstones.add(`gone-${at}`, versions, 'greedy');
    expect([tombstones.forbids('mine', versions), remembered()]).toEqual([true, 10_000]);
    expect(tombstones.forbids('gone-0', versions)).toBe(false);
  });

  it('A removed Pod is remembered by the next process for the rest of its ten minutes', async () => {
    const before = setup();
    before.tombstones.add('a', versions, 'shop');
    await before.clock.advance(400_000);
    const [gone] = before.tombstones.all();
    const { clock, tombstones } = setup();
    tombstones.restore(gone === undefined ? [] : [{ ...gone, untilMs: 200_000 }]);
    expect(tombstones.forbids('a', versions)).toBe(true);
    await clock.advance(200_000);
    expect(tombstones.forbids('a', versions)).toBe(false);
  });
});
