import { describe, expect, it } from 'vitest';
import { cpuEach, rowOf, say, unmeasuredRow } from '../row.ts';
import { markdownOf, missList, textTable } from '../table.ts';

const missed = rowOf({
  what: 'rps',
  values: [0.9, 1.0, 1.1],
  say: say.ratio,
  cpu: cpuEach(330, 10_000, 'a request'),
  atLeast: 1.25,
});
const reached = rowOf({ what: 'RSS', values: [71], say: say.mb, note: 'peak 80 MB', atMost: 72 });
const free = rowOf({ what: 'p90', values: [2], say: say.ms });
const unmeasured = unmeasuredRow('node', 'needs root');

describe('the table', () => {
  it('The table shows median, spread, CPU, goal and by how much the goal is missed', () => {
    expect(textTable([missed, reached, free, unmeasured]).split('\n')).toEqual([
      'what  measured                  CPU              over the rounds  reach     ok',
      'rps   1.00 ×                    33 µs a request  0.90 × – 1.10 ×  ≥ 1.25 ×  misses by 20 %',
      'RSS   71 MB (peak 80 MB)                                          ≤ 72 MB   yes',
      'p90   2.0 ms',
      'node  not measured: needs root',
    ]);
  });

  it('The Markdown table has columns of equal width', () => {
    const lines = markdownOf([missed, reached]).split('\n');
    expect(lines[1]).toMatch(/^\| -+ \| -+ \| -+ \| -+ \| -+ \| -+ \|$/);
    expect(new Set(lines.map(({ length }) => length)).size).toBe(1);
  });
});

describe('missList', () => {
  it('Rows that miss their goal are listed with the measured value and the size of the miss', () => {
    expect(missList([missed, reached, free, unmeasured]).split('\n')).toEqual([
      '1 of 2 rows with a goal miss it:',
      '  rps: 1.00 ×, not ≥ 1.25 ×: by 20 %',
    ]);
  });

  it('The list says so if no row misses its goal', () => {
    expect(missList([reached, free])).toBe('all 1 rows with a goal reach it');
    expect(missList([free, unmeasured])).toBe('no row has a goal');
  });
});

describe('cpuEach', () => {
  it('CPU time per item is in microseconds below one millisecond', () => {
    expect(cpuEach(310, 1, 'a start')).toBe('310 ms a start');
    expect(cpuEach(40, 25, 'an agent')).toBe('1.6 ms an agent');
    expect(cpuEach(310, 500, 'a Pod')).toBe('620 µs a Pod');
  });

  it('CPU time per item is empty if there were no items', () => {
    expect(cpuEach(10, 0, 'a request')).toBe('');
  });
});
