import { describe, expect, it } from 'vitest';
import { createMemory } from '@rolegate/runtime';
import { createFakeClock } from '@rolegate/testing';
import { createRateLimits, networkOf } from '../../src/limits/rate-limits.ts';
import type { MemoryKind } from '../../src/memory/memory.ts';

function setup() {
  const clock = createFakeClock();
  const memory = createMemory<MemoryKind>({ clock });
  const may = createRateLimits({ perSecond: 5, burst: 10, clock, kind: 'attestation_sources', memory });
  return {
    clock,
    may,
    count: (source: string) => Array.from({ length: 30 }, () => may(source)).filter(Boolean).length,
    remembered: () => memory.sizes()['attestation_sources'],
  };
}

describe('Rate limit', () => {
  it('Each source has its burst and then its rate', async () => {
    const { clock, count } = setup();
    expect([count('a'), count('b')]).toEqual([10, 10]);
    await clock.advance(1_000);
    expect(count('a')).toBe(5);
    await clock.advance(3_600_000);
    expect(count('a')).toBe(10);
  });

  it('A source is remembered until its bucket is full again', async () => {
    const { clock, count, remembered } = setup();
    count('a');
    await clock.advance(1_999);
    expect(remembered()).toBe(1);
    await clock.advance(1);
    expect(remembered()).toBe(0);
  });

  it('The rate limit of a source is not lifted by any number of other sources', () => {
    const { may, count, remembered } = setup();
    count('198.18.0.9');
    expect(may('198.18.0.9')).toBe(false);
    for (let i = 0; i < 9_999; i++) may(`198.19.${i >> 8}.${i & 255}`);
    expect([may('198.18.0.9'), remembered()]).toEqual([false, 10_000]);
  });

  it('The many addresses of an IPv6 network lift neither its own rate limit nor that of another source', () => {
    const { may, count, remembered } = setup();
    count('198.18.0.9');
    count('2001:db8:0:1::1');
    for (let i = 0; i < 30_000; i++) {
      may(`2001:db8:0:1::${(i + 2).toString(16)}`);
      // A source that continues to try is not forgotten.
      if (i % 1_000 === 0) expect(may('2001:db8:0:1::1')).toBe(false);
    }
    expect([may('198.18.0.9'), remembered()]).toEqual([false, 10_000]);
  });
});

it.each([
  ['198.18.0.9', '198.18.0.9'],
  ['::ffff:198.18.0.9', '::ffff:198.18.0.9'],
  ['2001:db8:0:1:2:3:4:5', '2001:db8:0:1'],
  ['2001:db8::5', '2001:db8:0:0'],
  ['[2001:db8::5]', '2001:db8:0:0'],
  ['::1', '0:0:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
  ['2001:db8:1:2::', '2001:db8:1:2'],
  ['node-a', 'node-a'],
  ['', ''],
])('The network of the source "%s" is "%s"', (source, network) => {
  expect(networkOf(source)).toBe(network);
});
