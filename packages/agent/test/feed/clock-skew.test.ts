import { describe, expect, it } from 'vitest';
import { createClockSkew } from '../../src/feed/clock-skew.ts';
import { createTestLog } from '../addresses/known-pods.ts';

describe('Clock skew', () => {
  it.each([1, -1])(
    'Clock skew is logged when it exceeds five seconds, and when the clocks agree again (sign %d)',
    (sign) => {
      const log = createTestLog();
      const skew = createClockSkew({ log });
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
});
