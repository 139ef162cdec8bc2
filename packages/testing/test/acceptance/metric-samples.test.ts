import { describe, expect, it } from 'vitest';
import { metricSamples, sumOfSamples } from '@rolegate/testing';

const samples = metricSamples(
  [
    '# HELP requests_total Requests.',
    '# TYPE requests_total counter',
    'requests_total{code="200",path="a b"} 3',
    'requests_total{code="500",path="a b"} 1',
    'requests_total_seconds 7',
    'up 1',
    '',
  ].join('\n'),
);

describe('Metric samples', () => {
  it('Every sample is read by its name with labels, and no comment is', () => {
    expect([...samples]).toEqual([
      ['requests_total{code="200",path="a b"}', 3],
      ['requests_total{code="500",path="a b"}', 1],
      ['requests_total_seconds', 7],
      ['up', 1],
    ]);
  });
});

describe('Sum of samples', () => {
  it('The samples of one metric are added up, or only those whose labels match', () => {
    expect(sumOfSamples(samples, 'requests_total')).toBe(4);
    expect(sumOfSamples(samples, 'requests_total', /code="200"/)).toBe(3);
    expect(sumOfSamples(samples, 'absent')).toBe(0);
  });
});
