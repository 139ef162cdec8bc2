import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { Counter, Gauge, Registry } from 'prom-client';
import { createOpsServer } from '@rolegate/runtime';
import type { ReadyCheck } from '@rolegate/runtime';

async function setup(checks: readonly ReadyCheck[] = []) {
  const registry = new Registry();
  const server = createOpsServer({ registry, checks });
  const port = await server.listen('127.0.0.1', 0);
  return {
    registry,
    port,
    server,
    async get(path: string, init: RequestInit = {}) {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, init);
      return { status: response.status, headers: response.headers, body: await response.text() };
    },
    /** Sends raw bytes. Resolves with everything that comes back. */
    async raw(bytes: string): Promise<string> {
      const socket = connect(port, '127.0.0.1').setEncoding('latin1');
      let answer = '';
      socket.on('data', (chunk: string) => (answer += chunk)).on('error', () => undefined);
      socket.end(bytes);
      await new Promise((resolve) => socket.on('close', resolve));
      return answer;
    },
    [Symbol.asyncDispose]: () => server.close(),
  };
}

describe('Metrics endpoint', () => {
  it('GET /metrics returns the registry in the text format', async () => {
    await using ops = await setup();
    new Counter({ name: 'rolegate_test_total', help: 'a test', registers: [ops.registry] }).inc(3);
    const { status, headers, body } = await ops.get('/metrics');
    expect({ status, type: headers.get('content-type') }).toEqual({
      status: 200,
      type: ops.registry.contentType,
    });
    expect(body).toContain('rolegate_test_total 3');
  });

  it('GET /metrics answers 500 when a metric throws, and 200 the next time', async () => {
    await using ops = await setup();
    let broken = true;
    new Gauge({
      name: 'rolegate_test',
      help: 'a test',
      registers: [ops.registry],
      collect() {
        if (broken) throw new Error('no reading');
        this.set(1);
      },
    });
    expect(await ops.get('/metrics')).toMatchObject({ status: 500, body: 'a metric failed: no reading\n' });
    broken = false;
    expect(await ops.get('/metrics')).toMatchObject({ status: 200 });
  });
});

describe('Scrape limits', () => {
  it('A hundred scrapes in a row render the metrics at most 30 times', async () => {
    await using ops = await setup();
    let made = 0;
    const gauge = new Gauge({
      name: 'made',
      help: 'How often.',
      registers: [ops.registry],
      collect: () => {
        made += 1;
        gauge.set(made);
      },
    });
    for (let times = 0; times < 100; times += 1) expect((await ops.get('/metrics')).status).toBe(200);
    expect(made).toBeGreaterThanOrEqual(8);
    expect(made).toBeLessThanOrEqual(30);
  });

  it('One address has at most 8 connections, and the longest idle ones make room for a new one', async () => {
    await using ops = await setup();
    const idle = Array.from({ length: 12 }, () => connect(ops.port, '127.0.0.1').resume());
    let ended = 0;
    for (const socket of idle) socket.on('error', () => undefined).once('close', () => (ended += 1));
    await Promise.all(idle.map((socket) => once(socket, 'connect')));
    expect(await ops.get('/livez')).toMatchObject({ status: 200 });
    expect(ended).toBeGreaterThanOrEqual(4);
    for (const socket of idle) socket.destroy();
  });
});

describe('Liveness endpoint', () => {
  it('GET /livez answers ok, whatever check is not ready', async () => {
    await using ops = await setup([{ name: 'never', ready: () => false }]);
    expect(await ops.get('/livez')).toMatchObject({ status: 200, body: 'ok\n' });
  });
});

describe('Readiness endpoint', () => {
  it('GET /readyz answers 503 with the names of the failing checks, and 200 if there are none', async () => {
    const state = { rules: true, table: false };
    await using ops = await setup([
      { name: 'rules', ready: () => state.rules },
      { name: 'table', ready: () => state.table },
    ]);
    expect(await ops.get('/readyz')).toMatchObject({ status: 503, body: 'not ready: table\n' });
    state.table = true;
    expect(await ops.get('/readyz')).toMatchObject({ status: 200, body: 'ok\n' });
    state.rules = false;
    state.table = false;
    expect(await ops.get('/readyz')).toMatchObject({ status: 503, body: 'not ready: rules, table\n' });
  });

  it('GET /readyz?verbose lists every check with its state', async () => {
    await using ops = await setup([
      { name: 'caches', ready: () => true },
      { name: 'rules', ready: () => 'not laid yet' },
      { name: 'table', ready: () => false },
    ]);
    for (const query of ['?verbose', '?verbose=true', '?x=1&verbose']) {
      expect((await ops.get(`/readyz${query}`)).body).toBe(
        '[+]caches ok\n[-]rules not laid yet\n[-]table not ready\nnot ready: rules, table\n',
      );
    }
  });

  it('An informative check that fails is shown by ?verbose and leaves /readyz at 200', async () => {
    await using ops = await setup([
      { name: 'own-credentials', ready: () => 'ExpiredToken', informative: true },
    ]);
    expect(await ops.get('/readyz?verbose')).toMatchObject({
      status: 200,
      body: '[!]own-credentials ExpiredToken\nok\n',
    });
  });

  it('A check that throws is treated as not ready', async () => {
    await using ops = await setup([
      {
        name: 'odd',
        ready() {
          throw new Error('it broke');
        },
      },
    ]);
    expect(await ops.get('/readyz?verbose')).toMatchObject({
      status: 503,
      body: '[-]odd it broke\nnot ready: odd\n',
    });
  });
});

describe('Ops server', () => {
  it.each(['/', '/metrics/', '/livez/x', '/__proto__', '/constructor', '//metrics', '/debug', '/%6detrics'])(
    'The path %s is answered 404',
    async (path) => {
      await using ops = await setup();
      expect(await ops.get(path)).toMatchObject({ status: 404, body: 'not found\n' });
    },
  );

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])(
    'The method %s is answered 405 with the allowed methods',
    async (method) => {
      await using ops = await setup();
      const { status, headers } = await ops.get('/metrics', { method });
      expect({ status, allow: headers.get('allow') }).toEqual({ status: 405, allow: 'GET, HEAD' });
    },
  );

  it('A HEAD request is answered without a body', async () => {
    await using ops = await setup();
    const { status, headers, body } = await ops.get('/livez', { method: 'HEAD' });
    expect({ status, length: headers.get('content-length'), body }).toEqual({
      status: 200,
      length: '3',
      body: '',
    });
  });

  it.each([
    { what: 'no HTTP', bytes: '\0\x01\x02\r\n\r\n', status: 400 },
    { what: 'TLS', bytes: '\x16\x03\x01\x02\0', status: 400 },
    {
      what: 'a header of 1 MB',
      bytes: `GET /livez HTTP/1.1\r\nhost: x\r\nx: ${'x'.repeat(1_048_576)}\r\n\r\n`,
      status: 431,
    },
    {
      what: 'a path of 1 MB',
      bytes: `GET /${'x'.repeat(1_048_576)} HTTP/1.1\r\nhost: x\r\n\r\n`,
      status: 431,
    },
    {
      what: 'two lengths',
      bytes: 'GET /livez HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n',
      status: 400,
    },
    {
      what: 'an absolute target',
      bytes: 'GET http://x/livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n',
      status: 400,
    },
    { what: 'an asterisk', bytes: 'OPTIONS * HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n', status: 400 },
    {
      what: 'a bad escape',
      bytes: 'GET /readyz?%E0%A4%A&verbose HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n',
      status: 200,
    },
    {
      what: 'a body on a GET',
      bytes: 'GET /livez HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\nconnection: close\r\n\r\nbody',
      status: 200,
    },
  ])('The ops server answers $what with $status and serves the next request', async ({ bytes, status }) => {
    await using ops = await setup();
    // A client that is still writing when the server has closed may see a reset instead of the answer.
    expect(await ops.raw(bytes)).toMatch(new RegExp(`^(?:HTTP/1\\.1 ${status} |$)`));
    expect(await ops.get('/livez')).toMatchObject({ status: 200 });
  });

  it('The ops server serves the next request after a client that disconnects in the middle of one', async () => {
    await using ops = await setup();
    const socket = connect(ops.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write('GET /metr');
    socket.resetAndDestroy();
    expect(await ops.get('/livez')).toMatchObject({ status: 200 });
  });

  it('Listening on a port that is in use rejects with EADDRINUSE', async () => {
    await using ops = await setup();
    const second = createOpsServer({ registry: new Registry(), checks: [] });
    await expect(second.listen('127.0.0.1', ops.port)).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await second.close();
  });

  it('The ops server closes while connections are open, and closes them', async () => {
    const ops = await setup();
    const idle = connect(ops.port, '127.0.0.1');
    await once(idle, 'connect');
    idle.on('error', () => undefined);
    const closed = once(idle, 'close');
    await ops.server.close();
    idle.resume();
    await closed;
  });
});
