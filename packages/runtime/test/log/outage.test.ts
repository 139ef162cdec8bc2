import { describe, expect, it } from 'vitest';
import { createFakeClock } from '@rolegate/testing';
import type { LogLevel } from '../../src/log/log.ts';
import { createOutageLog } from '../../src/log/outage.ts';

function setup() {
  const clock = createFakeClock();
  const lines: [string, string, object][] = [];
  const at =
    (level: LogLevel) =>
    (message: string, fields: object = {}) =>
      void lines.push([level, message, fields]);
  const log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  return { clock, lines, outage: createOutageLog({ clock, log }) };
}

describe('Outage log', () => {
  it('An outage is logged when it begins, then once a minute with the number of lines left out', async () => {
    const { clock, lines, outage } = setup();
    for (let second = 0; second <= 3_600; second += 5) {
      outage.failed('warn', 'away', { second });
      await clock.advance(5_000);
    }
    expect(lines).toHaveLength(61);
    expect(lines.slice(0, 2)).toEqual([
      ['warn', 'away', { second: 0 }],
      ['warn', 'away', { second: 60, leftOut: 11 }],
    ]);
    expect(lines.at(-1)).toEqual(['warn', 'away', { second: 3_600, leftOut: 11 }]);
  });

  it('An outage that becomes worse is logged immediately', () => {
    const { lines, outage } = setup();
    for (const level of ['warn', 'error', 'warn', 'error'] as const) outage.failed(level, 'away', {});
    expect(lines.map(([level]) => level)).toEqual(['warn', 'error']);
  });

  it('The end of an outage reports how long it was, and an outage soon after it is thinned out with it', async () => {
    const { clock, lines, outage } = setup();
    expect(outage.over()).toBeUndefined();
    outage.failed('warn', 'away', {});
    await clock.advance(10_000);
    outage.failed('warn', 'away', {});
    expect(outage.over()).toEqual({ awayMs: 10_000, failures: 2 });
    expect(outage.over()).toBeUndefined();
    outage.failed('warn', 'away', {});
    await clock.advance(50_000);
    outage.failed('warn', 'away', {});
    expect(lines.map(([, , fields]) => fields)).toEqual([{}, { leftOut: 2 }]);
  });
});
