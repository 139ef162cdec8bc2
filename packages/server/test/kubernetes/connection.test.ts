import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener } from 'node:http';
import * as https from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { systemClock } from '@rolegate/runtime';
import type { Clock } from '@rolegate/runtime';
import { createFakeClock, createTestCa } from '@rolegate/testing';
import { ApiError, SilenceError } from '../../src/kubernetes/api-error.ts';
import { createConnection } from '../../src/kubernetes/connection.ts';
import type { ApiRequest } from '../../src/kubernetes/connection.ts';
import { readText } from '../../src/kubernetes/lines.ts';
import { eventually, kubeConfigFor } from './setup.ts';

interface SetupOptions {
  readonly listener: RequestListener;
  readonly options?: object;
  readonly clock?: Clock;
  readonly basePath?: string;
  /** Certificate and key: HTTPS. */
  readonly tls?: https.ServerOptions;
}

async function setup({ listener, options = {}, clock = systemClock, basePath = '', tls }: SetupOptions) {
  const server = tls === undefined ? createServer(listener) : https.createServer(tls, listener);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const connection = createConnection({ kubeConfig: kubeConfigFor(url + basePath, options), clock });
  const request = (more: Partial<ApiRequest> = {}) =>
    connection.request({
      method: 'GET',
      path: '/api/v1/pods',
      signal: new AbortController().signal,
      timeoutMs: 10_000,
      ...more,
    });
  const text = async (more?: Partial<ApiRequest>) => readText((await request(more)).chunks, 10_000);
  return {
    server,
    connection,
    request,
    text,
    async [Symbol.asyncDispose]() {
      connection.close();
      await closed(server);
    },
  };
}

async function closed(server: Server & { closeAllConnections(): void }): Promise<void> {
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
}

const echo: RequestListener = (request, response) => {
  const { method, url, headers } = request;
  request.setEncoding('utf8').on('data', () => undefined);
  response.end(JSON.stringify({ method, url, headers }));
};

async function bodyOf(request: IncomingMessage): Promise<string> {
  return readText(request.setEncoding('utf8') as AsyncIterable<string>, 10_000);
}

describe('createConnection', () => {
  it('asks with the path, query and headers of the kubeconfig', async () => {
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

  it('sends a body as JSON', async () => {
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

  it('uses one connection again and again', async () => {
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

  it('asks the kubeconfig anew each time: tokens change', async () => {
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
      expected: /^list pods: 403 no; give .* the right to list pods by a ClusterRole$/,
    },
    { code: 500, body: { message: 'etcd' }, expected: /^list pods: 500 etcd$/ },
    { code: 502, body: '<html>', expected: /^list pods: 502 <html>$/ },
    { code: 503, body: '', expected: /^list pods: 503 $/ },
    { code: 418, body: [], expected: /^list pods: 418 no reason given$/ },
    { code: 301, body: {}, expected: /^list pods: 301/ },
  ])('makes of $code an error that says what was asked and what to do', async ({ code, body, expected }) => {
    await using api = await setup({
      listener: (_request, response) => {
        response.writeHead(code).end(typeof body === 'string' ? body : JSON.stringify(body));
      },
    });
    await expect(api.request()).rejects.toThrow(expected);
    await expect(api.request()).rejects.toMatchObject({ name: 'ApiError', code });
  });

  it.each([
    { of: 'a watch', request: { query: { watch: 'true' } }, says: /right to watch pods/ },
    {
      of: 'a POST',
      request: { method: 'POST', path: '/api/v1/namespaces/x/events' } as const,
      says: /right to create events/,
    },
  ])('names the verb of $of', async ({ request, says }) => {
    await using api = await setup({ listener: (_request, response) => response.writeHead(403).end('{}') });
    await expect(api.request(request)).rejects.toThrow(says);
  });

  it.each([
    { from: 'the header', header: '7', body: {}, expected: 7000 },
    { from: 'the Status', header: undefined, body: { details: { retryAfterSeconds: 2 } }, expected: 2000 },
    { from: 'a date, which is not taken', header: 'Mon, 23 Nov 2026 07:00:00 GMT', body: {}, expected: 0 },
  ])('reads how long to wait from $from', async ({ header, body, expected }) => {
    await using api = await setup({
      listener: (_request, response) => {
        response
          .writeHead(429, header === undefined ? {} : { 'retry-after': header })
          .end(JSON.stringify(body));
      },
    });
    await expect(api.request()).rejects.toMatchObject({ code: 429, retryAfterMs: expected });
  });

  it('reads no more of an error than its beginning', async () => {
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

  it('gives up when no answer begins in time', async () => {
    const clock = createFakeClock();
    let asked = 0;
    await using api = await setup({ listener: () => (asked += 1), clock });
    const outcome = api.request({ timeoutMs: 5000 }).catch((error: unknown) => error);
    await eventually(() => asked === 1);
    await clock.advance(5000);
    expect(await outcome).toEqual(new SilenceError('list pods: no byte for 5 s'));
  });

  it('gives up when the stream falls silent, and only then', async () => {
    const clock = createFakeClock();
    let send: (text: string) => unknown = () => undefined;
    await using api = await setup({
      clock,
      listener: (_request, response) => {
        send = (text) => response.write(text);
        send('a');
      },
    });
    const { chunks } = await api.request({ timeoutMs: 5000 });
    const read: string[] = [];
    const outcome = (async () => {
      for await (const chunk of chunks) read.push(chunk);
    })().catch((error: unknown) => error);
    for (const text of ['b', 'c', 'd']) {
      await eventually(() => read.length > 0);
      read.length = 0;
      await clock.advance(4000);
      send(text);
    }
    await eventually(() => read.length > 0);
    await clock.advance(5000);
    expect(await outcome).toBeInstanceOf(SilenceError);
    expect(clock.pending).toBe(0);
  });

  it('waits longer from when it is told to', async () => {
    const clock = createFakeClock();
    await using api = await setup({ clock, listener: (_request, response) => response.write('a') });
    const { chunks, setTimeoutMs } = await api.request({ timeoutMs: 5000 });
    const outcome = readText(chunks, 10).catch((error: unknown) => error);
    setTimeoutMs(60_000);
    await clock.advance(59_000);
    expect(clock.pending).toBe(1);
    await clock.advance(60_000);
    expect(await outcome).toEqual(new SilenceError('list pods: no byte for 60 s'));
  });

  it('survives a break of a stream that nobody reads yet', async () => {
    await using api = await setup({
      listener: (_request, response) => {
        response.write('a', () => setImmediate(() => response.destroy()));
      },
    });
    const { chunks } = await api.request();
    await new Promise((resolve) => setImmediate(resolve));
    await expect(readText(chunks, 10)).rejects.toThrow('aborted');
  });

  it('closes the connection of a stream that is left', async () => {
    let open = 0;
    await using api = await setup({
      listener: (_request, response) => {
        open += 1;
        response.on('close', () => (open -= 1)).write('a\n');
      },
    });
    const { chunks } = await api.request();
    for await (const chunk of chunks) {
      expect(chunk).toBe('a\n');
      break;
    }
    await eventually(() => open === 0);
  });

  it.each(['before', 'during'])('ends with its signal, aborted %s the request', async (when) => {
    const clock = createFakeClock();
    const stop = new AbortController();
    let asked = 0;
    await using api = await setup({ listener: () => (asked += 1), clock });
    if (when === 'before') stop.abort();
    const outcome = api.request({ signal: stop.signal }).catch((error: unknown) => error);
    if (when === 'during') {
      await eventually(() => asked === 1);
      stop.abort();
    }
    expect(await outcome).toMatchObject({ name: 'AbortError' });
    expect(clock.pending).toBe(0);
  });

  it('fails when nobody listens', async () => {
    const api = await setup({ listener: echo });
    await closed(api.server);
    await expect(api.request()).rejects.toThrow('ECONNREFUSED');
    api.connection.close();
  });

  describe('over TLS', () => {
    async function tlsSetup() {
      const ca = await createTestCa();
      const server = await ca.issue({ ips: ['127.0.0.1'], usages: ['server'] });
      return { ca, tls: { ...server, ca: ca.pem, requestCert: true, rejectUnauthorized: false } };
    }

    it('shows the client certificate of the kubeconfig', async () => {
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

    it('refuses a server of another CA', async () => {
      const { tls } = await tlsSetup();
      const other = await createTestCa();
      await using api = await setup({ tls, options: { ca: other.pem }, listener: echo });
      await expect(api.request()).rejects.toThrow(/certificate/);
    });

    it('takes any server only where the kubeconfig says so', async () => {
      const { tls } = await tlsSetup();
      await using api = await setup({ tls, options: { rejectUnauthorized: false }, listener: echo });
      expect(await api.text()).toContain('/api/v1/pods');
    });
  });
});
