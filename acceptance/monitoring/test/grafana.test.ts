import { describe, expect, it } from 'vitest';
import { aligned } from '../dashboard/ask-panels.ts';
import { rowsOf } from '../dashboard/dashboard.ts';
import { intervalOf, legendOf, substitute } from '../dashboard/grafana.ts';

describe('Variables of the dashboard', () => {
  it('The rate interval covers four scrapes, and a step and a scrape in a long range', () => {
    expect(intervalOf({ range: 300, scrape: 2 })).toEqual({ step: 2, rateInterval: 8 });
    expect(intervalOf({ range: 86_400, scrape: 15 })).toEqual({ step: 144, rateInterval: 159 });
  });

  it('The variables of a query are replaced, and one that is left is an error', () => {
    const interval = { step: 2, rateInterval: 8 };
    expect(substitute('rate(a{namespace=~"$namespace"}[$__rate_interval])', interval)).toBe(
      'rate(a{namespace=~".*"}[8s])',
    );
    expect(() => substitute('a[$__range]', interval)).toThrow('nobody replaces $__range');
  });
});

describe('Answers of Prometheus', () => {
  it('A legend has the values of the labels, and nothing for a label that is missing', () => {
    expect(legendOf('{{pod}} {{ instance }}', { instance: '192.0.2.1:9620' })).toBe(' 192.0.2.1:9620');
    expect(legendOf('', { __name__: 'up', job: 'a' })).toBe('up{job="a"}');
  });

  it('Times without a value and values that are no number become gaps', () => {
    const points = [[10, 1] as const, [14, NaN] as const, [16, 3] as const];
    expect(aligned({ points }, { start: 10, end: 16, step: 2 })).toEqual([1, null, null, 3]);
  });
});

describe('Rows of the dashboard', () => {
  const panel = (title: string, y: number, type = 'stat') => ({
    type,
    title,
    gridPos: { x: 0, y, w: 4, h: 4 },
  });

  it('Panels belong to the heading above them, whatever their order in the file', () => {
    const rows = rowsOf([
      panel('late', 9),
      panel('First', 0, 'row'),
      panel('early', 1),
      panel('Second', 8, 'row'),
    ]);
    expect(rows.map(({ title, panels }) => [title, panels.map((one) => one.title)])).toEqual([
      ['First', ['early']],
      ['Second', ['late']],
    ]);
  });

  it('A panel above all headings is an error', () => {
    expect(() => rowsOf([panel('lost', 0)])).toThrow('the panel lost has no row heading above it');
  });
});
