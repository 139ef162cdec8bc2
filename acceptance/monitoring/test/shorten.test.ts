import { describe, expect, it } from 'vitest';
import { shortenDuration, shortenExpression, shortenRules } from '../alerts/rules/shorten.ts';

const TWENTIETH = { factor: 20, leastMs: 3_000, mostMs: 120_000 };

describe('Shortened rules', () => {
  it.each([
    { duration: '5m', short: '15000ms' },
    { duration: '30m', short: '90000ms' },
    { duration: '30s', short: '3000ms' },
    { duration: '1d', short: '120000ms' },
  ])('The duration $duration becomes $short', ({ duration, short }) => {
    expect(shortenDuration(duration, TWENTIETH)).toBe(short);
  });

  it('A duration with two units is rejected, because it would be read wrongly', () => {
    expect(() => shortenDuration('1h30m', TWENTIETH)).toThrow('1h30m');
  });

  it.each([
    { expr: 'increase(a_total[5m]) > 5', short: 'increase(a_total[15000ms]) > 5' },
    { expr: 'rolegate_feed_stale_seconds > 120', short: 'rolegate_feed_stale_seconds > 6' },
    {
      expr: 'rolegate_certificate_expiry_seconds{certificate="certificate"} < 6 * 3600\n  and on (job) x',
      short: 'rolegate_certificate_expiry_seconds{certificate="certificate"} < 1080\n  and on (job) x',
    },
    {
      expr: 'max without (kind) (rolegate_watch_age_seconds) > 180',
      short: 'max without (kind) (rolegate_watch_age_seconds) > 9',
    },
    { expr: 'abs(rolegate_clock_skew_seconds) > 60', short: 'abs(rolegate_clock_skew_seconds) > 60' },
    { expr: 'rolegate_sessions{state="failing"} > 0', short: 'rolegate_sessions{state="failing"} > 0' },
  ])('The expression $expr becomes $short', ({ expr, short }) => {
    expect(shortenExpression(expr, TWENTIETH)).toBe(short);
  });

  it('Only durations of a rule change, and a rule without `for` gets none', () => {
    const at = { alert: 'A', expr: 'up == 0', labels: { severity: 'info' }, annotations: { summary: '5m' } };
    expect(shortenRules([{ name: 'g', rules: [{ ...at, for: '1h' }, at] }], TWENTIETH)).toEqual([
      { name: 'g', rules: [{ ...at, for: '120000ms' }, at] },
    ]);
  });
});
