import { describe, expect, it } from 'vitest';
import { systemClock } from '@rolegate/runtime';

describe('System clock', () => {
  it('The clock returns the wall time and a monotonic time', () => {
    const before = { wall: Date.now(), monotonic: systemClock.monotonic() };
    expect(systemClock.now()).toBeGreaterThanOrEqual(before.wall);
    expect(systemClock.monotonic()).toBeGreaterThanOrEqual(before.monotonic);
  });

  it('A scheduled call runs when its time has come', async () => {
    await using alive = keepAlive();
    const called = new Promise<string>((resolve) => {
      systemClock.schedule(1, () => {
        resolve('called');
      });
    });
    expect(await Promise.race([called, alive.never])).toBe('called');
  });

  it('A cancelled call does not run', async () => {
    const calls: string[] = [];
    systemClock.schedule(1, () => calls.push('taken back'))();
    await systemClock.sleep(5);
    expect(calls).toEqual([]);
  });

  it('A call scheduled beyond the longest timer does not run immediately', async () => {
    const calls: string[] = [];
    const cancel = systemClock.schedule(Number.MAX_SAFE_INTEGER, () => calls.push('too early'));
    await systemClock.sleep(5);
    cancel();
    expect(calls).toEqual([]);
  });

  it('A sleep lasts until its time has come', async () => {
    const start = systemClock.monotonic();
    await systemClock.sleep(5);
    expect(systemClock.monotonic() - start).toBeGreaterThan(3);
  });

  it('An aborted signal ends a sleep, and lets none begin', async () => {
    const stop = new AbortController();
    const long = systemClock.sleep(3_600_000, stop.signal);
    stop.abort();
    await long;
    await systemClock.sleep(3_600_000, stop.signal);
  });

  it('A sleep leaves no listener on its signal', async () => {
    const { signal } = new AbortController();
    const added: string[] = [];
    signal.addEventListener = (type: string) => added.push(`+${type}`);
    signal.removeEventListener = (type: string) => added.push(`-${type}`);
    await systemClock.sleep(1, signal);
    expect(added).toEqual(['+abort', '-abort']);
  });
});

/** Scheduled calls do not keep the process alive, but this does. */
function keepAlive() {
  const timer = setInterval(() => undefined, 1_000);
  return {
    never: new Promise<never>(() => undefined),
    [Symbol.asyncDispose]() {
      clearInterval(timer);
      return Promise.resolve();
    },
  };
}
