import { describe, expect, it } from 'vitest';
import type { Cell, Contender } from '../steps/warm-figures.ts';
import { warmFigures } from '../steps/warm-figures.ts';
import { warmRows } from '../steps/warm-rows.ts';

const OTHER = 'http://127.0.0.1:8181';

function cell(contender: Contender, of: Partial<Cell>): Cell {
  return {
    contender,
    keepAlive: true,
    round: 0,
    requests: 100,
    rps: 1_000,
    p50Ms: 1,
    p99Ms: 2,
    failures: 0,
    cpuShare: 0.5,
    cpuMs: 10,
    ...of,
  };
}

describe('warmFigures', () => {
  it('Each slice is compared with the bare server in the same slice, and a round is the median of its slices', () => {
    const cells = [1_000, 2_000, 4_000].flatMap((rps) => [
      cell('bare', { rps }),
      cell('agent', { rps: rps === 4_000 ? 4_000 : rps / 2 }),
    ]);
    expect(warmFigures(cells, true).ratios('agent', 'rps')).toEqual([0.5]);
  });

  it('CPU ticks are summed before they are divided', () => {
    const cells = [0, 10, 0, 20].map((cpuMs) => cell('agent', { cpuMs }));
    expect(warmFigures(cells, true).cpu('agent')).toBe('75 µs a request');
  });

  it('CPU time is unknown for an endpoint whose process is unknown', () => {
    const cells = [cell('bare', {}), cell(OTHER, { cpuMs: undefined })];
    expect(warmFigures(cells, true).cpu(OTHER)).toBe('');
  });
});

describe('warmRows', () => {
  const options = { memory: { rss: 70, anonymous: 20, peak: 75 }, pods: 110, clients: 16 };
  const every = [true, false].flatMap((keepAlive) => [
    cell('bare', { keepAlive }),
    cell('agent', { keepAlive, rps: 1_300, p99Ms: 1, cpuMs: 8 }),
    cell(OTHER, { keepAlive, rps: 500, failures: 4 }),
  ]);

  it('Failures of another endpoint are not counted as failures of the agent', () => {
    const endpoints = [{ url: OTHER, pid: 1, withToken: true }];
    const rows = warmRows(every, { ...options, endpoints });
    const failures = rows.filter(({ what }) => what.includes('no 200'));
    expect(failures.map(({ measured, missedBy }) => [measured, missedBy])).toEqual([
      ['0', ''],
      ['8', undefined],
    ]);
  });

  it('Another endpoint has CPU rows only if its process is known', () => {
    const cpuRows = (pid: number | undefined) =>
      warmRows(every, { ...options, endpoints: [{ url: OTHER, pid, withToken: false }] }).filter(({ what }) =>
        what.includes(`CPU to bare of ${OTHER}, without a token`),
      ).length;
    expect([cpuRows(1), cpuRows(undefined)]).toEqual([2, 0]);
  });

  it('Only the agent is judged by the goals in DESIGN.md', () => {
    const rows = warmRows(every, { ...options, endpoints: [{ url: OTHER, pid: 1, withToken: true }] });
    const goals = rows.filter(({ reach }) => reach !== '').map(({ reach, missedBy }) => [reach, missedBy]);
    expect(goals).toEqual([
      ['≥ 1.20 ×', ''],
      ['≤ 1.00 ×', ''],
      ['≤ 0.90 ×', ''],
      ['≥ 1.20 ×', ''],
      ['≤ 0', ''],
      ['≤ 72 MB', ''],
      ['≤ 22 MB', ''],
    ]);
  });
});
