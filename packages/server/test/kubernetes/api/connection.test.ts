import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { createTestCa } from '@rolegate/testing';
import { ApiError } from '../../../src/kubernetes/api/api-error.ts';
import { readText } from '../../../src/kubernetes/api/lines.ts';
import { closed, echo, serve as setup } from './connection-setup.ts';

async function bodyOf(request: IncomingMessage): Promise<string> {
  return readText(request as AsyncIterable<Buffer>, 10_000);
}

describe('API server connection', () => {
  it('A request has the base path and headers of the kubeconfig and the given query', async () => {
    await using api = await setup({
      listener: echo,
      options: { headers: { Authorization: 'Bearer abc' } },
      basePath: '/k8s/c-1/',
    });
    expect(JSON.parse(await api.text({ query: { limit: '5', continue: 'a b&c' } }))).toMatchObject({
      method: 'GET',
      url: '/k8s/c-1/api/v1/pods?limit=5&continue=a+b%26c',
      headers: { authorization: 'Bearer abc', accept: 'application/json', 'user-agent': 'rolegate-server' },
    });
  });

  it('A body is sent as JSON', async () => {
    const bodies: string[] = [];
    await using api = await setup({
      listener: (request, response) => {
        void bodyOf(request).then((body) => {
          bodies.push(`${String(request.headers['content-type'])} ${body}`);
          response.writeHead(201).end();
        });
      },
    });
    expect(
      (await api.request({ method: 'POST', path: '/api/v1/namespaces/x/events', body: { é: 1 } })).status,
    ).toBe(201);
    expect(bodies).toEqual(['application/json {"é":1}']);
  });

  it('A request is sent again if its kept-alive connection is closed as it is reused', async () => {
    const asked = new Map<unknown, number>();
    await using api = await setup({
      listener: ({ socket }, response) => {
        const times = (asked.get(socket) ?? 0) + 1;
        asked.set(socket, times);
        if (times === 2) socket.destroy();
        else response.end('{}');
      },
    });
    for (let count = 0; count < 4; count += 1) expect(await api.text()).toBe('{}');
    expect([...asked.values()]).toEqual([2, 2, 2, 1]);
  });

  it('A request is not sent again if a new connection is closed', async () => {
    let asked = 0;
    await using api = await setup({
      listener: ({ socket }) => {
        asked += 1;
        socket.destroy();
      },
    });
    await expect(api.request()).rejects.toThrow('socket hang up');
    expect(asked).toBe(1);
  });

  it('Successive requests share one connection', async () => {
    const ports = new Set<number | undefined>();
    await using api = await setup({
      listener: (request, response) => {
        ports.add(request.socket.remotePort);
        response.end('{}');
      },
    });
    for (let count = 0; count < 3; count += 1) await api.text();
    expect(ports.size).toBe(1);
  });

  it('Each request reads the kubeconfig again, so that a changed token is used', async () => {
    const options = { headers: { Authorization: 'Bearer old' } };
    await using api = await setup({ listener: echo, options });
    await api.text();
    options.headers = { Authorization: 'Bearer new' };
    expect(await api.text()).toContain('Bearer new');
  });

  it.each([
    {
      code: 401,
      body: { message: 'Unauthorized', code: 401 },
      expected: /^list pods: 401 Unauthorized; the credentials are not accepted/,
    },
    {
      code: 403,
      body: { message: 'no', reason: 'Forbidden', code: 403 },
      expected: /^list pods: 403 no; grant .* the right to list pods with a ClusterRole$/,
    },
    { code: 500, body: { message: 'etcd' }, expected: /^list pods: 500 etcd$/ },
    { code: 502, body: '<html>', expected: /^list pods: 502 <html>$/ },
    { code: 503, body: '', expected: /^list pods: 503 $/ },
    { code: 418, body: [], expected: /^list pods: 418 no reason given$/ },
    { code: 301, body: {}, expected: /^list pods: 301/ },
  ])(
    'Status $code becomes an error that says what was asked and, if it is 401 or 403, what to do',
    async ({ code, body, expected }) => {
      await using api = await setup({
        listener: (_request, response) => {
          response.writeHead(code).end(typeof body === 'string' ? body : JSON.stringify(body));
        },
      });
      await expect(api.request()).rejects.toThrow(expected);
      await expect(api.request()).rejects.toMatchObject({ name: 'ApiError', code });
    },
  );

  it.each([
    { of: 'a watch', request: { query: { watch: 'true' } }, says: /right to watch pods/ },
    {
      of: 'a POST',
      request: { method: 'POST', path: '/api/v1/namespaces/x/events' } as const,
      says: /right to create events with a ClusterRole/,
    },
    {
      of: 'one object',
      request: { path: '/api/v1/namespaces/x/secrets/own' },
      says: /right to get secrets\/own with a Role$/,
    },
    {
      of: 'a PUT',
      request: { method: 'PUT', path: '/api/v1/namespaces/x/configmaps/own' } as const,
      says: /right to update configmaps\/own with a Role$/,
    },
    {
      of: 'a path that is not of a resource',
      request: { path: '/openid/v1/jwks' },
      says: /right to get \/openid\/v1\/jwks with a ClusterRole$/,
    },
  ])('The error for a 403 names the missing verb and resource for $of', async ({ request, says }) => {
    await using api = await setup({ listener: (_request, response) => response.writeHead(403).end('{}') });
    await expect(api.request(request)).rejects.toThrow(says);
  });

  it.each([
    { from: 'the header', header: '7', body: {}, expected: 7000 },
    { from: 'the Status', header: undefined, body: { details: { retryAfterSeconds: 2 } }, expected: 2000 },
    { from: 'a date, which is not taken', header: 'Mon, 23 Nov 2026 07:00:00 GMT', body: {}, expected: 0 },
  ])(
    'The retry delay of a 429 is read correctly in the case of $from',
    async ({ header, body, expected }) => {
      await using api = await setup({
        listener: (_request, response) => {
          response
            .writeHead(429, header === undefined ? {} : { 'retry-after': header })
            .end(JSON.stringify(body));
        },
      });
      await expect(api.request()).rejects.toMatchObject({ code: 429, retryAfterMs: expected });
    },
  );

  it('Only the beginning of an endless error body is read', async () => {
    await using api = await setup({
      listener: (_request, response) => {
        response.writeHead(500);
        const more = () => {
          while (!response.destroyed && response.write('x'.repeat(10_000)));
        };
        response.on('drain', more);
        more();
      },
    });
    const error = await api.request().catch((fault: unknown) => fault);
    expect(error).toBeInstanceOf(ApiError);
    expect((error as ApiError).message.length).toBeLessThan(1100);
  });

  it('A request fails with ECONNREFUSED if nothing listens', async () => {
    const api = await setup({ listener: echo });
    await closed(api.server);
    await expect(api.request()).rejects.toThrow('ECONNREFUSED');
    api.connection.close();
  });

  describe('TLS', () => {
    async function tlsSetup() {
      const ca = await createTestCa();
      const server = await ca.issue({ ips: ['127.0.0.1'], usages: ['server'] });
      return { ca, tls: { ...server, ca: ca.pem, requestCert: true, rejectUnauthorized: false } };
    }

    it('The client certificate of the kubeconfig is presented to the API server', async () => {
      const { ca, tls } = await tlsSetup();
      const client = await ca.issue({ uris: ['spiffe://test/me'], usages: ['client'] });
      await using api = await setup({
        tls,
        options: { ca: ca.pem, ...client },
        listener: ({ socket }, response) =>
          response.end(`${(socket as unknown as { authorized: boolean }).authorized}`),
      });
      expect(await api.text()).toBe('true');
    });

    it('An API server with a certificate of another CA is rejected', async () => {
      const { tls } = await tlsSetup();
      const other = await createTestCa();
      await using api = await setup({ tls, options: { ca: other.pem }, listener: echo });
      await expect(api.request()).rejects.toThrow(/certificate/);
    });

    it('Any server certificate is accepted if the kubeconfig says so', async () => {
      const { tls } = await tlsSetup();
      await using api = await setup({ tls, options: { rejectUnauthorized: false }, listener: echo });
      expect(await api.text()).toContain('/api/v1/pods');
    });
  });
});
