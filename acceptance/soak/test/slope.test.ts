import { describe, expect, it } from 'vitest';
import { slopeOf, windowMinima } from '../judge/slope.ts';
import type { Point } from '../judge/slope.ts';
import { createRandom } from '../plan/random.ts';
import type { Random } from '../plan/random.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Half-minute windows of a quarter of an hour, as a run of half an hour has them. */
const TIMES = Array.from({ length: 30 }, (_, at) => (at * MINUTE_MS) / 2);

/** Roughly normal, with a standard deviation of 1. */
const noise = (random: Random) => Array.from({ length: 12 }, random).reduce((sum, one) => sum + one, -6);

/** A line with noise, of which each value keeps the share `correlation` of the one before. */
function lineWith(
  { perHour, correlation }: { perHour: number; correlation: number },
  random: Random,
): Point[] {
  let deviation = noise(random) / Math.sqrt(1 - correlation ** 2);
  return TIMES.map((atMs) => {
    deviation = correlation * deviation + noise(random);
    return { atMs, value: 100 + (perHour * atMs) / HOUR_MS + deviation };
  });
}

describe('slopeOf', () => {
  it('finds the slope of points on a line without an error', () => {
    const slope = slopeOf(TIMES.map((atMs) => ({ atMs, value: 7 + (3 * atMs) / HOUR_MS })));
    expect(slope?.perHour).toBeCloseTo(3);
    expect(slope?.errorPerHour).toBeCloseTo(0);
  });

  it.each([
    { correlation: 0, atLeast: 0.92, atMost: 1 },
    { correlation: 0.5, atLeast: 0.86, atMost: 1 },
  ])(
    'has an interval that contains the true slope about 95 times in 100 with noise of correlation $correlation',
    ({ correlation, atLeast, atMost }) => {
      const random = createRandom(1);
      const runs = 400;
      let hits = 0;
      for (let run = 0; run < runs; run++) {
        const { perHour = NaN, errorPerHour = NaN } =
          slopeOf(lineWith({ perHour: 5, correlation }, random)) ?? {};
        if (Math.abs(perHour - 5) <= errorPerHour) hits += 1;
      }
      expect(hits / runs).toBeGreaterThanOrEqual(atLeast);
      expect(hits / runs).toBeLessThanOrEqual(atMost);
    },
  );

  it('has a larger error if successive values are correlated', () => {
    const error = (correlation: number) =>
      slopeOf(lineWith({ perHour: 0, correlation }, createRandom(2)))?.errorPerHour ?? NaN;
    expect(error(0.8)).toBeGreaterThan(2 * error(0));
  });

  it('is unknown for five points', () => {
    expect(slopeOf(TIMES.slice(0, 5).map((atMs) => ({ atMs, value: 1 })))).toBeUndefined();
  });
});

describe('windowMinima', () => {
  it('keeps the lowest point of each window', () => {
    const points = [5, 3, 4, 9, 8].map((value, at) => ({ atMs: at * 10, value }));
    expect(windowMinima(points, 30)).toEqual([
      { atMs: 10, value: 3 },
      { atMs: 40, value: 8 },
    ]);
  });

  it('does not change the slope if bursts are added to a line', () => {
    const random = createRandom(3);
    const points = Array.from({ length: 180 }, (_, at) => {
      const atMs = at * 5_000;
      return { atMs, value: (2 * atMs) / HOUR_MS + (random() < 0.4 ? 50 * random() : 0) };
    });
    expect(slopeOf(windowMinima(points, MINUTE_MS / 2))?.perHour).toBeCloseTo(2, 1);
  });
});
