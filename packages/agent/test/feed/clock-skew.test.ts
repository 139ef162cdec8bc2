import { describe, expect, it } from 'vitest';
import { silentLog } from '@rolegate/runtime';
import { createFakeClock } from '@rolegate/testing';
import { createClockSkew } from '../../src/feed/clock-skew.ts';
import { createTestLog } from '../addresses/known-pods.ts';

describe('Clock skew', () => {
  it.each([1, -1])(
    'Clock skew is logged when it exceeds five seconds, and when the clocks agree again (sign %d)',
    (sign) => {
      const log = createTestLog();
      const skew = createClockSkew({ log, clock: createFakeClock() });
      expect(skew.latestMs()).toBe(0);
      for (const ms of [0, 5_000, 5_001, 3_600_000, 6_000, 4_000, 0]) skew.measured(sign * ms, 'server-0');
      expect(log.lines).toEqual([
        [
          'warn',
          'clock skew between node and server',
          expect.objectContaining({ server: 'server-0', skewMs: sign * 5_001 }),
        ],
        [
          'info',
          'clock skew between node and server recovered',
          { server: 'server-0', skewMs: sign * 4_000 },
        ],
      ]);
      skew.measured(-6_000, 'server-1');
      expect(skew.latestMs()).toBe(-6_000);
    },
  );

  it("The server's time is right whatever the node's clock shows, and the node's is used until it is known", async () => {
    const clock = createFakeClock();
    const skew = createClockSkew({ log: silentLog, clock });
    expect(skew.serverNowMs()).toBe(clock.now());
    const serverMs = clock.now() + 3_600_000;
    skew.measured(-3_600_000, 'server-0');
    expect(skew.serverNowMs()).toBe(serverMs);
    clock.jumpWall(3_600_000);
    await clock.advance(5_000);
    expect(skew.serverNowMs()).toBe(serverMs + 5_000);
  });
});
