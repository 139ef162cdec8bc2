import { describe, expect, it } from '@jest/globals';
import { createFakeClock } from '@rolegate/testing';
import fc from 'fast-check';
import { createEventMemory } from '../../src/kubernetes/event-memory.ts';

const REPEAT_AFTER_MS = 300_000;

describe('what was told', () => {
  it('is remembered for five minutes, and then forgotten, of whichever Namespace', async () => {
    const clock = createFakeClock();
    const memory = createEventMemory(clock);
    for (const namespace of ['a', 'b', 'c']) expect(memory.isNew(namespace, 'pod')).toBe(true);
    await clock.advance(REPEAT_AFTER_MS - 1);
    expect(memory.isNew('a', 'pod')).toBe(false);
    expect(memory.size()).toBe(3);
    await clock.advance(1);
    expect(memory.isNew('a', 'pod')).toBe(true);
    expect(memory.size()).toBe(1);
  });

  it('is forgotten of a Namespace that is told nothing more, whatever others are told', async () => {
    const clock = createFakeClock();
    const memory = createEventMemory(clock);
    memory.isNew('busy', 'first');
    await clock.advance(1);
    memory.isNew('quiet', 'pod');
    await clock.advance(REPEAT_AFTER_MS - 2);
    memory.isNew('busy', 'second');
    await clock.advance(1);
    memory.isNew('busy', 'third');
    await clock.advance(1);
    memory.isNew('busy', 'fourth');
    expect(memory.size()).toBe(3);
  });

  it('is forgotten early by the Namespace that has the most, the oldest first', () => {
    const memory = createEventMemory(createFakeClock());
    for (let n = 0; n < 10; n += 1) memory.isNew('shop', `pod-${n}`);
    for (let n = 0; n < 20_000; n += 1) memory.isNew('storm', `pod-${n}`);
    expect(memory.size()).toBe(10_000);
    for (let n = 0; n < 10; n += 1) expect(memory.isNew('shop', `pod-${n}`)).toBe(false);
    expect(memory.isNew('storm', 'pod-19999')).toBe(false);
    expect(memory.isNew('storm', 'pod-0')).toBe(true);
  });

  it('is what a simple list of times says, as long as there is room', async () => {
    const steps = fc.array(
      fc.record({
        namespace: fc.constantFrom('a', 'b'),
        key: fc.constantFrom('x', 'y', 'z'),
        waitMs: fc.constantFrom(0, 1, 60_000, REPEAT_AFTER_MS - 1, REPEAT_AFTER_MS),
      }),
      { maxLength: 40 },
    );
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const clock = createFakeClock();
        const memory = createEventMemory(clock);
        const times = new Map<string, number>();
        for (const { namespace, key, waitMs } of all) {
          await clock.advance(waitMs);
          const name = `${namespace} ${key}`;
          const isNew = clock.monotonic() - (times.get(name) ?? -Infinity) >= REPEAT_AFTER_MS;
          if (isNew) times.set(name, clock.monotonic());
          expect(memory.isNew(namespace, key)).toBe(isNew);
          const live = [...times.values()].filter((atMs) => clock.monotonic() - atMs < REPEAT_AFTER_MS);
          expect(memory.size()).toBeGreaterThanOrEqual(live.length);
          expect(memory.size()).toBeLessThanOrEqual(times.size);
        }
      }),
      { numRuns: 50 },
    );
  });
});
