import { expect, it } from 'vitest';
import { fuzz } from './fuzz.ts';

/** Seeds of runs that found something are kept here. */
const SEEDS = [1, 2, 3];

it.each(SEEDS)(
  'The server fails on none of 5,000 inputs made of real requests by seed %i, and understands some of them',
  async (seed) => {
    const { requests } = await fuzz({ inputs: 5_000, seed });
    expect(requests).toBeGreaterThan(500);
  },
);
