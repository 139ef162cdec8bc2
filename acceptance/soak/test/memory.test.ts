import { describe, expect, it } from 'vitest';
import { growthsOf, memoryProblems, MOST_GROWTH, verdictOf } from '../judge/memory.ts';
import type { MemorySample } from '../watch/memory-log.ts';

const HOUR_MS = 3_600_000;
const QUARTER = { fromMs: 0, toMs: HOUR_MS / 4 };

interface Growing {
  readonly live: number;
  readonly outside: number;
}

/** A sample every 5 s for a quarter of an hour, with growth in MiB an hour. */
function samplesOf(program: string, { live, outside }: Growing): MemorySample[] {
  return Array.from({ length: 180 }, (_, at) => {
    const atMs = at * 5_000;
    const grown = (perHour: number) => 20 * 2 ** 20 + (perHour * 2 ** 20 * atMs) / HOUR_MS;
    return { program, pid: 1, atMs, liveBytes: grown(live), outsideBytes: grown(outside), codeBytes: 1 };
  });
}

describe('memoryProblems', () => {
  it('names only the program whose memory grows by more than 1 MB an hour', () => {
    const samples = [
      ...samplesOf('agent', { live: 0.5, outside: 0.9 }),
      ...samplesOf('server 1', { live: 1.5, outside: 0.9 }),
      ...samplesOf('reconcile', { live: 0.5, outside: 2 }),
    ];
    expect(memoryProblems(growthsOf(samples, QUARTER))).toEqual([
      'server 1: live memory grows by 1.50 ± 0.00 MiB an hour',
      'reconcile: resident memory outside of the heap grows by 2.00 ± 0.00 MiB an hour',
    ]);
  });

  it('does not accept live memory without enough samples', () => {
    const samples = samplesOf('agent', { live: 0, outside: 0 }).slice(0, 12);
    expect(memoryProblems(growthsOf(samples, QUARTER))).toEqual([
      'agent: live memory grows by an unknown amount: there are too few samples',
    ]);
  });

  it('ignores samples outside of the judged time', () => {
    const before = samplesOf('agent', { live: 90, outside: 90 }).map((one) => ({
      ...one,
      atMs: one.atMs - HOUR_MS,
    }));
    const samples = [...before, ...samplesOf('agent', { live: 0, outside: 0 })];
    expect(memoryProblems(growthsOf(samples, QUARTER))).toEqual([]);
  });
});

describe('verdictOf', () => {
  it.each([
    { perHour: 0.5, errorPerHour: 0.4, verdict: 'within' },
    { perHour: 0.5, errorPerHour: 0.6, verdict: 'undecided' },
    { perHour: 1.5, errorPerHour: 0.6, verdict: 'undecided' },
    { perHour: 1.5, errorPerHour: 0.4, verdict: 'exceeded' },
    { perHour: -3, errorPerHour: 0.4, verdict: 'within' },
  ])('is $verdict for $perHour ± $errorPerHour MB an hour', ({ perHour, errorPerHour, verdict }) => {
    const slope = { perHour: perHour * MOST_GROWTH, errorPerHour: errorPerHour * MOST_GROWTH };
    expect(verdictOf(slope)).toBe(verdict);
  });
});
