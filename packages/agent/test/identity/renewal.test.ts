import { expect, it } from 'vitest';
import fc from 'fast-check';
import { untilRenewal } from '../../src/identity/renewal.ts';

const MINUTE_MS = 60_000;
const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

it('A certificate is renewed at half its life, ten percent sooner or later', () => {
  fc.assert(
    fc.property(unit, fc.integer({ min: 1, max: 1_440 }), (random, minutes) => {
      const lifeMs = minutes * MINUTE_MS;
      const pause = untilRenewal({ endsMs: 1_000 + lifeMs, lifeMs }, { nowMs: 1_000, random });
      expect(pause).toBeGreaterThanOrEqual(lifeMs * 0.45 - 1);
      expect(pause).toBeLessThanOrEqual(lifeMs * 0.55 + 1);
    }),
  );
});

it("A certificate is renewed before it expires and not without a pause, however wrong the node's clock is", () => {
  fc.assert(
    fc.property(unit, fc.integer({ min: -600, max: 600 }), (random, aheadMinutes) => {
      const lifeMs = 60 * MINUTE_MS;
      const pause = untilRenewal({ endsMs: lifeMs, lifeMs }, { nowMs: aheadMinutes * MINUTE_MS, random });
      expect(pause).toBeGreaterThanOrEqual(1_000);
      expect(pause).toBeLessThanOrEqual(lifeMs * 0.55 + 1);
    }),
  );
});

it('Nodes that got their certificates at the same time renew them at evenly spread times', () => {
  const at = (random: number) =>
    untilRenewal({ endsMs: 60 * MINUTE_MS, lifeMs: 60 * MINUTE_MS }, { nowMs: 0, random });
  expect([at(0), at(0.5), at(1)]).toEqual([27 * MINUTE_MS, 30 * MINUTE_MS, 33 * MINUTE_MS]);
});
