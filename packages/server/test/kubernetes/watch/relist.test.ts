import { describe, expect, it } from 'vitest';
import { createFakeClock } from '@rolegate/testing';
import { createRelist } from '../../../src/kubernetes/watch/relist.ts';

function setup() {
  const clock = createFakeClock();
  const relist = createRelist(clock);
  relist.begin();
  return { clock, relist };
}

describe('createRelist', () => {
  it('has a list due at once when the last one is 4 s ago', async () => {
    const { clock, relist } = setup();
    await clock.advance(4000);
    relist.request('unreadable');
    expect([relist.due, relist.signal.aborted]).toEqual(['unreadable', true]);
  });

  it('has it due 4 s after the last one, which is within 5 s, however often it is asked for', async () => {
    const { clock, relist } = setup();
    await clock.advance(1000);
    for (let times = 0; times < 100; times += 1) relist.request('unreadable');
    await clock.advance(2999);
    expect([relist.due, clock.pending]).toEqual([undefined, 1]);
    await clock.advance(1);
    expect([relist.due, relist.signal.aborted]).toEqual(['unreadable', true]);
  });

  it('lists for room once a minute, and sooner for an unreadable event', async () => {
    const { clock, relist } = setup();
    relist.request('room');
    await clock.advance(10_000);
    expect(relist.due).toBeUndefined();
    relist.request('unreadable');
    expect(relist.due).toBe('unreadable');
    relist.begin();
    relist.request('room');
    await clock.advance(59_999);
    expect([relist.due, relist.signal.aborted]).toEqual([undefined, false]);
    await clock.advance(1);
    expect(relist.due).toBe('room');
  });

  it('has nothing due after a list has begun for another reason', async () => {
    const { clock, relist } = setup();
    relist.request('unreadable');
    relist.begin();
    await clock.advance(60_000);
    expect(relist.due).toBeUndefined();
  });
});
