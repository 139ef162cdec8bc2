import { describe, expect, it } from 'vitest';
import { createFakeClock } from '@rolegate/testing';

describe('Fake clock', () => {
  it('The fake clock stands still until it is advanced', async () => {
    const clock = createFakeClock({ nowMs: 1_000 });
    expect([clock.now(), clock.monotonic()]).toEqual([1_000, 0]);
    await clock.advance(250);
    expect([clock.now(), clock.monotonic()]).toEqual([1_250, 250]);
  });

  it('Due calls run in the order of their time, then of scheduling, each at its own time', async () => {
    const clock = createFakeClock();
    const calls: string[] = [];
    const note = (name: string) => () => calls.push(`${name} at ${clock.monotonic()}`);
    clock.schedule(200, note('late'));
    clock.schedule(100, note('first'));
    clock.schedule(100, note('second'));
    clock.schedule(301, note('not yet'));
    await clock.advance(300);
    expect(calls).toEqual(['first at 100', 'second at 100', 'late at 200']);
    expect(clock.pending).toBe(1);
  });

  it('A timer scheduled by a timer runs if it is due', async () => {
    const clock = createFakeClock();
    let ticks = 0;
    const tick = () => {
      ticks += 1;
      clock.schedule(10, tick);
    };
    tick();
    await clock.advance(100);
    expect(ticks).toBe(11);
  });

  it('Promises settle between timers, so that a loop of sleeps runs', async () => {
    const clock = createFakeClock();
    const wokenAt: number[] = [];
    async function loop() {
      for (let turn = 0; turn < 3; turn += 1) {
        await clock.sleep(10);
        await Promise.resolve();
        wokenAt.push(clock.monotonic());
      }
    }
    const done = loop();
    await clock.advance(30);
    await done;
    expect(wokenAt).toEqual([10, 20, 30]);
  });

  it('A cancelled call does not run', async () => {
    const clock = createFakeClock();
    const calls: string[] = [];
    const cancel = clock.schedule(1, () => calls.push('called'));
    cancel();
    await clock.advance(10);
    expect({ calls, pending: clock.pending }).toEqual({ calls: [], pending: 0 });
  });

  it('An aborted signal ends a sleep and leaves no timer', async () => {
    const clock = createFakeClock();
    const stop = new AbortController();
    const asleep = clock.sleep(1_000, stop.signal);
    expect(clock.pending).toBe(1);
    stop.abort();
    await asleep;
    await clock.sleep(1_000, stop.signal);
    expect({ pending: clock.pending, now: clock.monotonic() }).toEqual({ pending: 0, now: 0 });
  });

  it('A jump of the wall clock leaves the monotonic time and the timers alone', async () => {
    const clock = createFakeClock({ nowMs: 0 });
    const calls: string[] = [];
    clock.schedule(1_000, () => calls.push('called'));
    clock.jumpWall(3_600_000);
    await clock.advance(0);
    expect({ now: clock.now(), monotonic: clock.monotonic(), calls }).toEqual({
      now: 3_600_000,
      monotonic: 0,
      calls: [],
    });
    clock.jumpWall(-3_600_000);
    expect(clock.now()).toBe(0);
  });

  it('An error of a timer rejects the advance', async () => {
    const clock = createFakeClock();
    clock.schedule(1, () => {
      throw new Error('from a timer');
    });
    await expect(clock.advance(1)).rejects.toThrow('from a timer');
  });
});
