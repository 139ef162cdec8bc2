import { describe, expect, it } from 'vitest';
import { setup } from './one-day-setup.ts';

const MINUTE_MS = 60_000;

describe('One day', () => {
  it('No answer of a day has less than 25 minutes left, although streams end and agents restart', async () => {
    using world = await setup();
    let leastMs = Infinity;
    for (let minute = 1; minute <= 24 * 60; minute++) {
      if (minute % 401 === 0) world.restartAgent();
      await world.clock.advance(MINUTE_MS);
      leastMs = Math.min(leastMs, world.ask());
    }
    expect(leastMs).toBeGreaterThanOrEqual(25 * MINUTE_MS);
    // One session, and one call per 40 to 48 % of an hour. An agent that starts without state may cost one more.
    expect(world.sts.calls).toBeLessThanOrEqual(60 + 3);
  });

  it('Credentials are not renewed for Pods that have not asked for three hours', async () => {
    using world = await setup();
    await world.clock.advance(8 * 60 * MINUTE_MS);
    const calls = world.sts.calls;
    await world.clock.advance(4 * 60 * MINUTE_MS);
    expect(world.sts.calls).toBe(calls);
  });

  it('Running Pods are served for half an hour, at whatever moment everything goes away', async () => {
    using world = await setup();
    for (let moment = 0; moment < 40; moment++) {
      world.sts.fault = Object.assign(new Error('away'), { name: 'ServiceUnavailable' });
      world.loseServer();
      await world.clock.advance(30 * MINUTE_MS);
      expect(world.ask()).toBeGreaterThan(0);
      world.sts.fault = undefined;
      world.there.server = world.server;
      // Works again long enough to renew. No two failures come at the same age of the credentials.
      for (let minute = 0; minute < 20 + moment; minute++) {
        await world.clock.advance(MINUTE_MS);
        world.ask();
      }
    }
  });
});
