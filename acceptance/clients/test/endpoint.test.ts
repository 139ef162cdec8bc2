import { metricSamples } from '@rolegate/testing';
import { expect, it } from 'vitest';
import { countAnswers } from '../endpoint.ts';

const scrape = (served: number, refused: number, listed: number) =>
  metricSamples(
    [
      `rolegate_requests_total{route="container-credentials",status="200",reason=""} ${served}`,
      `rolegate_requests_total{route="container-credentials",status="403",reason="NamespaceDenied"} ${refused}`,
      `rolegate_requests_total{route="list",status="200",reason=""} ${listed}`,
      `rolegate_other_total{route="container-credentials",status="200"} ${served + 7}`,
    ].join('\n'),
  );

it('Answers between two scrapes are counted by endpoint, with the statuses of container credentials', () => {
  expect(countAnswers(scrape(5, 0, 1), scrape(5, 3, 3))).toEqual({
    containerCredentials: 3,
    statuses: ['403'],
    metadata: 2,
  });
  expect(countAnswers(metricSamples(''), scrape(1, 2, 0))).toEqual({
    containerCredentials: 3,
    statuses: ['200', '403'],
    metadata: 0,
  });
});
