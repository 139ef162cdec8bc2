import { describe, expect, it } from '@jest/globals';
import { createFakeClock } from '@rolegate/testing';
import { createEventQueue } from '../../src/kubernetes/event-queue.ts';

function setup() {
  const clock = createFakeClock();
  const stop = new AbortController();
  const queue = createEventQueue<number>({ clock });
  const taken: number[] = [];
  async function drain(): Promise<void> {
    for (let item = await queue.take(stop.signal); item !== undefined; item = await queue.take(stop.signal))
      taken.push(item);
  }
  return { clock, queue, taken, stop, drain };
}

describe('createEventQueue', () => {
  it('gives out fifty at once and then ten a second, in order', async () => {
    const { clock, queue, taken, drain, stop } = setup();
    for (let item = 0; item < 100; item += 1) queue.put(item);
    const drained = drain();
    await clock.advance(0);
    expect(taken).toHaveLength(50);
    await clock.advance(1000);
    expect(taken).toHaveLength(60);
    await clock.advance(60_000);
    expect(taken).toEqual(Array.from({ length: 100 }, (_, at) => at));
    stop.abort();
    await drained;
  });

  it('saves up no more than a burst', async () => {
    const { clock, queue, taken, drain, stop } = setup();
    await clock.advance(3_600_000);
    for (let item = 0; item < 100; item += 1) queue.put(item);
    const drained = drain();
    await clock.advance(0);
    expect(taken).toHaveLength(50);
    stop.abort();
    await drained;
  });

  it('drops what comes when a thousand wait', () => {
    const { queue } = setup();
    const outcomes = Array.from({ length: 1001 }, (_, item) => queue.put(item));
    expect(outcomes.filter((accepted) => !accepted)).toHaveLength(1);
    expect(outcomes.at(-1)).toBe(false);
  });

  it('gives to one who waits already', async () => {
    const { clock, queue, taken, drain, stop } = setup();
    const drained = drain();
    await clock.advance(0);
    queue.put(1);
    await clock.advance(0);
    queue.put(2);
    await clock.advance(0);
    expect(taken).toEqual([1, 2]);
    stop.abort();
    await drained;
  });

  it.each([
    { when: 'waiting for an item', items: 0 },
    { when: 'waiting for its turn', items: 51 },
  ])('ends when its signal aborts while $when', async ({ items }) => {
    const { clock, queue, drain, stop } = setup();
    for (let item = 0; item < items; item += 1) queue.put(item);
    const drained = drain();
    await clock.advance(0);
    stop.abort();
    await drained;
    expect(clock.pending).toBe(0);
  });

  it('gives nothing to one whose signal has aborted', async () => {
    const { queue, stop } = setup();
    queue.put(1);
    stop.abort();
    expect(await queue.take(stop.signal)).toBeUndefined();
  });
});
