import { describe, expect, it } from 'vitest';
import { createFakeClock } from '@rolegate/testing';
import { podManifest, podManifests, runPods } from './list-watch-setup.ts';
import { eventually } from '../setup.ts';

async function setup() {
  const clock = createFakeClock();
  const run = await runPods({ clock, pods: podManifests(2) });
  return {
    ...run,
    fakeClock: clock,
    /** Advances time in small steps until the condition is true, because responses need turns of the event loop. */
    async passUntil(isSo: () => boolean, limitMs = 600_000) {
      for (let passedMs = 0; !isSo(); passedMs += 50) {
        if (passedMs > limitMs) throw new Error(`in vain: ${isSo.toString()}`);
        await clock.advance(50);
      }
    },
  };
}

describe('Watch loop with a silent API server', () => {
  it('A watch is closed after 90 s without a byte and resumes from where it was', async () => {
    await using run = await setup();
    void run.start();
    await eventually(run.synced);
    run.api.hang();
    run.api.apply(podManifest('meanwhile'));
    await run.fakeClock.advance(89_000);
    expect(run.api.watches).toBe(1);
    await run.fakeClock.advance(1000);
    await eventually(() => run.api.watches === 0);
    run.api.resume();
    await run.passUntil(run.isEqual);
    expect(run.counted.relists).toEqual([]);
    expect(run.api.requests.Pod).toEqual({ list: 0, version: 1, watch: 1, streaming: 1 });
  });

  it('A bookmark counts as a sign of life', async () => {
    await using run = await setup();
    void run.start();
    await eventually(run.synced);
    for (let minutes = 1; minutes <= 5; minutes += 1) {
      await run.fakeClock.advance(60_000);
      run.api.bookmark('Pod');
      await eventually(() => run.counted.events.filter((type) => type === 'bookmark').length === minutes + 1);
    }
    expect(run.api.requests.Pod).toEqual({ list: 0, version: 0, watch: 0, streaming: 1 });
  });

  it('The watch loop pages if a streaming list makes no progress for 30 s', async () => {
    await using run = await setup();
    run.api.hang();
    void run.start();
    await eventually(() => run.api.requests.Pod.streaming === 1);
    await run.fakeClock.advance(30_000);
    run.api.resume();
    await run.passUntil(run.synced);
    expect(run.api.requests.Pod).toMatchObject({ list: 1, streaming: 1 });
  });

  it('The watch loop survives an hour of an API server that does not respond', async () => {
    await using run = await setup();
    void run.start();
    await eventually(run.synced);
    run.api.hang();
    for (let minutes = 0; minutes < 60; minutes += 1) await run.fakeClock.advance(60_000);
    expect(run.store.size).toBe(2);
    expect(run.loop.ageMs()).toBeGreaterThanOrEqual(3_600_000);
    run.api.apply(podManifest('meanwhile'));
    run.api.resume();
    await run.passUntil(run.isEqual);
    expect(run.loop.ageMs()).toBeLessThan(60_000);
  });

  it('An API server that refuses for an hour is asked two to four times a minute', async () => {
    await using run = await setup();
    run.api.refuse(500);
    void run.start();
    await run.passUntil(() => run.fakeClock.monotonic() >= 3_600_000, 3_700_000);
    expect(run.api.requests.Pod.streaming).toBeGreaterThan(100);
    expect(run.api.requests.Pod.streaming).toBeLessThan(260);
    run.api.refuse(undefined);
    await run.passUntil(run.synced, 60_000);
  });
});
