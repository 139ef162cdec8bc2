import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { createPrometheusApi } from '../prometheus/prometheus-api.ts';

/** A server with fixed answers by path, and the queries that it was sent. */
async function serve(answers: Readonly<Record<string, unknown>>) {
  const targets: string[] = [];
  const server = createServer((request, response) => {
    const { pathname, search } = new URL(request.url ?? '', 'http://x');
    targets.push(search);
    response.end(JSON.stringify(answers[pathname]));
  });
  onTestFinished(() => {
    server.close();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return { targets, api: createPrometheusApi(`http://127.0.0.1:${(server.address() as AddressInfo).port}`) };
}

it('Values of a range query are numbers, infinite ones too', async () => {
  const values = [
    [1, '2.5'],
    [2, '+Inf'],
    [3, 'NaN'],
  ];
  const { api, targets } = await serve({
    '/api/v1/query_range': { status: 'success', data: { result: [{ metric: { a: 'b' }, values }] } },
  });
  expect(await api.queryRange('up', { start: 1, end: 3, step: 1 })).toEqual([
    {
      labels: { a: 'b' },
      points: [
        [1, 2.5],
        [2, Infinity],
        [3, NaN],
      ],
    },
  ]);
  expect(targets).toEqual(['?query=up&start=1&end=3&step=1']);
});

it('A query that Prometheus rejects is an error that names the query', async () => {
  const { api } = await serve({ '/api/v1/query': { status: 'error', errorType: 'bad_data', error: 'no' } });
  await expect(api.query('up{')).rejects.toThrow('Prometheus rejects up{: no');
});
