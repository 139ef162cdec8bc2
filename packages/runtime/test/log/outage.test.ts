import { describe, expect, it } from 'vitest';
import { createFakeClock } from '@rolegate/testing';
import { createOutage } from '../../src/log/outage.ts';

function setup() {
  const clock = createFakeClock();
  return { clock, outage: createOutage({ clock }) };
}

describe('Outage', () => {
  it('An outage is logged when it begins, then once a minute with the number of lines left out', async () => {
    const { clock, outage } = setup();
    const lines: object[] = [];
    for (let second = 0; second <= 3_600; second += 5) {
      const line = outage.failed('warn');
      if (line !== undefined) lines.push({ second, ...line });
      await clock.advance(5_000);
    }
    expect(lines).toHaveLength(61);
    expect(lines.slice(0, 2)).toEqual([{ second: 0 }, { second: 60, leftOut: 11 }]);
    expect(lines.at(-1)).toEqual({ second: 3_600, leftOut: 11 });
  });

  it('An outage that becomes worse is logged immediately', () => {
    const { outage } = setup();
    const levels = ['warn', 'error', 'warn', 'error'] as const;
    expect(levels.map((level) => outage.failed(level) !== undefined)).toEqual([true, true, false, false]);
  });

  it('The end of an outage reports how long it was, and an outage soon after it is thinned out with it', async () => {
    const { clock, outage } = setup();
    expect(outage.over()).toBeUndefined();
    expect(outage.failed('warn')).toEqual({});
    await clock.advance(10_000);
    expect(outage.failed('warn')).toBeUndefined();
    expect(outage.over()).toEqual({ awayMs: 10_000, failures: 2 });
    expect(outage.over()).toBeUndefined();
    expect(outage.failed('warn')).toBeUndefined();
    await clock.advance(50_000);
    expect(outage.failed('warn')).toEqual({ leftOut: 2 });
  });
});
