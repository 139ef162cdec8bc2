import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { createBackoff } from '@rolegate/runtime';

const FIRST_MS = 100;
const CAP_MS = 5_000;

function setup(random = 0.999_999) {
  const backoff = createBackoff({ firstMs: FIRST_MS, capMs: CAP_MS, random: () => random });
  return {
    backoff,
    next: (count: number) => Array.from({ length: count }, () => Math.round(backoff.next())),
  };
}

describe('Backoff', () => {
  it('The pause doubles up to the cap, and stays there', () => {
    expect(setup().next(9)).toEqual([100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000]);
  });

  it('The jitter takes off up to half of the pause', () => {
    expect(setup(0).next(4)).toEqual([50, 100, 200, 400]);
  });

  it('The pause starts over after a reset', () => {
    const { backoff, next } = setup();
    next(5);
    backoff.reset();
    expect(next(2)).toEqual([100, 200]);
  });

  it('A pause is never below half of the first one nor above the cap', () => {
    const cases = fc.record({
      firstMs: fc.integer({ min: 1, max: CAP_MS }),
      random: fc.double({ min: 0, max: 0.999_999, noNaN: true }),
      attempts: fc.integer({ min: 1, max: 100 }),
    });
    fc.assert(
      fc.property(cases, ({ firstMs, random, attempts }) => {
        const backoff = createBackoff({ firstMs, capMs: CAP_MS, random: () => random });
        for (let attempt = 0; attempt < attempts; attempt += 1) {
          const pauseMs = backoff.next();
          expect(pauseMs).toBeGreaterThanOrEqual(firstMs / 2);
          expect(pauseMs).toBeLessThanOrEqual(CAP_MS);
        }
      }),
    );
  });

  it('Clients that fail together get different pauses', () => {
    const pauses = Array.from({ length: 50 }, () => createBackoff({ firstMs: 1_000, capMs: 1_000 }).next());
    expect(new Set(pauses).size).toBeGreaterThan(40);
  });
});
