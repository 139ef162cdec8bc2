import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { startImds } from '@rolegate/testing';
import { endpointsOf } from '../against/endpoint.ts';
import type { Endpoint } from '../against/endpoint.ts';
import { prepareSources } from '../against/sources.ts';

const ROLE_PATH = '/latest/meta-data/iam/security-credentials/app';
const ADDRESSES = ['127.9.0.2', '127.9.0.3'];

function endpointAt(url: string, more: Partial<Endpoint> = {}): Endpoint {
  const [endpoint] = endpointsOf([{ name: 'against', value: url }]);
  if (endpoint === undefined) throw new Error('no endpoint');
  return { ...endpoint, ...more };
}

/** An endpoint of IMDSv1 that answers as the table says, by path; 404 else. */
async function startOld(answers: Readonly<Record<string, { body: string; chunked?: boolean }>>) {
  const server = createServer((request, response) => {
    const answer = request.method === 'GET' ? answers[request.url ?? ''] : undefined;
    response.statusCode = answer === undefined ? 404 : 200;
    if (answer?.chunked === true) response.write('');
    else response.setHeader('Content-Length', answer?.body.length ?? 0);
    response.end(answer?.body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

describe('prepareSources', () => {
  it('Each address gets a token and requests the role that the endpoint lists', async () => {
    await using imds = await startImds({
      tree: {
        'meta-data/iam/security-credentials/app': '{"Code":"Success"}',
      },
    });
    const { sources, withToken } = await prepareSources(endpointAt(imds.url), ADDRESSES);
    expect(withToken).toBe(true);
    expect(sources.map(({ ip }) => ip)).toEqual(ADDRESSES);
    const tokens = sources.map(({ request }) => /X-aws-ec2-metadata-token: (\S+)/.exec(request)?.[1]);
    expect(new Set(tokens).size).toBe(2);
    for (const { request } of sources) expect(request).toMatch(`GET ${ROLE_PATH} HTTP/1.1\r\n`);
    // Token, list and role from each address.
    expect(imds.requests.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
  });

  it('Requests carry no token if the endpoint issues none, and come from one address if --against-source is set', async () => {
    await using old = await startOld({
      '/latest/meta-data/iam/security-credentials/': { body: 'app\n' },
      [ROLE_PATH]: { body: '{}' },
    });
    const { sources, withToken } = await prepareSources(
      endpointAt(old.url, { source: '127.0.0.9' }),
      ADDRESSES,
    );
    expect(withToken).toBe(false);
    expect(sources.map(({ ip }) => ip)).toEqual(['127.0.0.9']);
    expect(sources[0]?.request).not.toContain('token');
  });

  it('A given path is requested without listing roles first', async () => {
    await using old = await startOld({ '/role': { body: '{}' } });
    const { sources } = await prepareSources(endpointAt(old.url, { path: '/role' }), ADDRESSES);
    expect(sources[1]?.request).toMatch('GET /role HTTP/1.1\r\n');
  });

  it('An address that the endpoint does not know is an error with the answer of the endpoint', async () => {
    await using old = await startOld({});
    await expect(prepareSources(endpointAt(old.url), ADDRESSES)).rejects.toThrow(
      /security-credentials\/ for 127\.9\.0\.2: 404 .*--against-source to an address/,
    );
  });

  it('A role name that would alter the request is rejected', async () => {
    await using old = await startOld({
      '/latest/meta-data/iam/security-credentials/': { body: 'a HTTP/1.1\r\nX: y' },
    });
    await expect(prepareSources(endpointAt(old.url), ADDRESSES)).rejects.toThrow('lists no role');
  });

  it('An answer without a Content-Length is rejected', async () => {
    await using old = await startOld({ '/role': { body: '{}', chunked: true } });
    await expect(prepareSources(endpointAt(old.url, { path: '/role' }), ADDRESSES)).rejects.toThrow(
      'the answer has no Content-Length',
    );
  });
});
