import { describe, expect, it } from 'vitest';
import { createFakeClock } from '@rolegate/testing';
import { createRelist } from '../../../src/kubernetes/watch/relist.ts';

function setup() {
  const clock = createFakeClock();
  const relist = createRelist(clock);
  relist.begin();
  return { clock, relist };
}

describe('Relist', () => {
  it('A list is due at once if the last one was 4 s ago', async () => {
    const { clock, relist } = setup();
    await clock.advance(4000);
    relist.request('unreadable');
    expect([relist.due, relist.signal.aborted]).toEqual(['unreadable', true]);
  });

  it('A list is due 4 s after the last one, however often it is requested', async () => {
    const { clock, relist } = setup();
    await clock.advance(1000);
    for (let times = 0; times < 100; times += 1) relist.request('unreadable');
    await clock.advance(2999);
    expect([relist.due, clock.pending]).toEqual([undefined, 1]);
    await clock.advance(1);
    expect([relist.due, relist.signal.aborted]).toEqual(['unreadable', true]);
  });

  it('A list for room is due after a minute, and one for an unreadable event sooner', async () => {
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

  it('No list is due after one has begun for another reason', async () => {
    const { clock, relist } = setup();
    relist.request('unreadable');
    relist.begin();
    await clock.advance(60_000);
    expect(relist.due).toBeUndefined();
  });
});
