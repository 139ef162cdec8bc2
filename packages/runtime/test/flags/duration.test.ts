import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { duration, formatDuration, parseDurationMs } from '../../src/flags/duration.ts';

describe('Duration', () => {
  it.each([
    { text: '850ms', ms: 850 },
    { text: '15m', ms: 900_000 },
    { text: '1h30m', ms: 5_400_000 },
    { text: '1.5h', ms: 5_400_000 },
    { text: '1h0m0s', ms: 3_600_000 },
    { text: '0', ms: 0 },
    { text: '0s', ms: 0 },
    { text: '1000us', ms: 1 },
    { text: '1000µs', ms: 1 },
    { text: '2000000ns', ms: 2 },
  ])('The duration $text is $ms ms', ({ text, ms }) => {
    expect(parseDurationMs(text)).toBeCloseTo(ms);
  });

  it.each([
    '',
    '15',
    'm',
    '1 m',
    '1d',
    '-1m',
    '+1m',
    '1m ',
    '1h30',
    '1e3s',
    '.5h',
    'Infinityms',
    '1m'.repeat(60),
  ])('The text %j is not a duration', (text) => {
    expect(parseDurationMs(text)).toBeUndefined();
  });

  it('A duration outside its limits is refused with the limit it exceeds', () => {
    const kind = duration({ minMs: 60_000, maxMs: 3_600_000 });
    expect(kind.parse('30s')).toEqual({ fault: '"30s" is too short; use 1m or more' });
    expect(kind.parse('61m')).toEqual({ fault: '"61m" is too long; use 1h or less' });
    expect([kind.parse('1m'), kind.parse('1h')]).toEqual([{ value: 60_000 }, { value: 3_600_000 }]);
  });

  it('A formatted duration parses to the same duration', () => {
    expect(formatDuration(5_400_850)).toBe('1h30m850ms');
    fc.assert(
      fc.property(fc.nat({ max: 1_000_000_000 }), (ms) => {
        expect(parseDurationMs(formatDuration(ms))).toBe(ms);
      }),
    );
  });
});
