import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { answer, startServer, summary } from './setup.ts';

describe('Request', () => {
  it('A request is answered with a length, the date and whether the connection is kept', async () => {
    await using t = await startServer();
    const client = t.dial();
    client.send('GET /a HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(await client.gets('/a')).toBe(
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nDate: Mon, 23 Nov 2026 07:00:00 GMT\r\n' +
        'Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n\r\n/a',
    );
  });

  it.each([
    { what: 'HTTP/1.1', head: 'GET /a HTTP/1.1\r\n\r\n', kept: true },
    { what: 'HTTP/1.1 that ends', head: 'GET /a HTTP/1.1\r\nConnection: close\r\n\r\n', kept: false },
    { what: 'HTTP/1.0', head: 'GET /a HTTP/1.0\r\n\r\n', kept: false },
    { what: 'HTTP/1.0 that stays', head: 'GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n', kept: true },
  ])('A request of $what leaves the connection open: $kept', async ({ head, kept }) => {
    await using t = await startServer();
    const client = t.dial();
    client.send(head);
    const first = await client.gets('/a');
    expect(first).toContain(kept ? 'Connection: keep-alive' : 'Connection: close');
    client.send('GET /b HTTP/1.1\r\nConnection: close\r\n\r\n');
    expect(await client.over).toBe('ended');
    expect(summary(client.got())).toEqual(kept ? ['200 /a', '200 /b'] : ['200 /a']);
  });

  it('A HEAD request is answered with the headers of the answer and no body', async () => {
    await using t = await startServer();
    const client = t.dial();
    client.send('HEAD /abc HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\nConnection: close\r\n\r\n');
    await client.over;
    expect(client.got()).toMatch(/^HTTP\/1\.1 200 OK\r\nContent-Length: 4\r\n[^]*\r\n\r\nHTTP\/1\.1 200 OK/);
  });

  it('Empty lines can precede a request', async () => {
    await using t = await startServer();
    const client = t.dial();
    client.send('\r\n\r\nGET /a HTTP/1.1\r\n\r\n\r\n\r\n');
    await client.gets('/a');
    client.send('GET /b HTTP/1.1\r\n\r\n');
    await client.gets('/b');
  });

  it.each([
    { what: 'without a body', request: 'GET /a HTTP/1.1\r\nHost: x\r\n\r\n', says: '/a' },
    { what: 'with a body', request: 'PUT /a HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc', says: 'abc' },
    {
      what: 'with a body in chunks',
      request:
        'PUT /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\nab\r\n1\r\nc\r\n0\r\nX: y\r\n\r\n',
      says: 'abc',
    },
  ])('A request $what can arrive byte by byte', async ({ request, says }) => {
    await using t = await startServer();
    const client = t.dial();
    for (let round = 0; round < 2; round += 1) {
      for (const byte of request) {
        client.send(byte);
        await setImmediate();
      }
      await t.received(round + 1);
    }
    client.send('GET /end HTTP/1.1\r\nConnection: close\r\n\r\n');
    await client.over;
    expect(summary(client.got())).toEqual([`200 ${says}`, `200 ${says}`, '200 /end']);
  });

  it('A request for another protocol is answered in HTTP/1.1', async () => {
    await using t = await startServer();
    const client = t.dial();
    const upgrade = 'GET /a HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n';
    client.send(upgrade);
    await client.gets('/a');
    client.send('GET /b HTTP/1.1\r\n\r\n');
    await client.gets('/b');
    client.send(`${upgrade}PRI * HTTP/2.0\r\n\r\n`);
    expect(await client.over).toBe('ended');
    expect(summary(client.got())).toEqual(['200 /a', '200 /b', '200 /a']);
  });

  it('A request is served on a Unix socket', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'rolegate-http-'));
    {
      await using t = await startServer({ at: { path: join(folder, 'x.sock') } });
      expect(t.port).toBe(0);
      const client = t.dial();
      client.send('GET /a HTTP/1.1\r\nConnection: close\r\n\r\n');
      expect(await client.over).toBe('ended');
      expect(summary(client.got())).toEqual(['200 /a']);
      expect(t.connection(0).ip).toBe('');
    }
    await rm(folder, { recursive: true });
  });

  it('A server listens at several addresses, and refuses one that is in use', async () => {
    await using t = await startServer({ at: { host: '::1', port: 0 } });
    const client = t.dial();
    client.send('GET /a HTTP/1.1\r\n\r\n');
    await client.gets('/a');
    expect(t.connection(0).ip).toBe('::1');
    expect(await t.server.listen({ host: '127.0.0.1', port: 0 })).toBeGreaterThan(0);
    const taken = t.server.listen({ host: '::1', port: t.port });
    await expect(taken).rejects.toThrow('EADDRINUSE');
  });
});

describe('Announced body', () => {
  const put = 'PUT /a HTTP/1.1\r\nExpect: 100-continue\r\n';

  it('The server requests a body if the client waits for 100 Continue', async () => {
    await using t = await startServer();
    const client = t.dial();
    client.send(`${put}Content-Length: 3\r\n\r\n`);
    expect(await client.gets('\r\n\r\n')).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    client.send('abc');
    await client.gets('abc');
    client.send(`${put}Transfer-Encoding: chunked\r\n\r\n`);
    await client.gets('abcHTTP/1.1 100 Continue\r\n\r\n');
    client.send('3\r\nxyz\r\n0\r\n\r\n');
    await client.gets('xyz');
  });

  it.each([
    { what: 'it has come already', request: `${put}Content-Length: 3\r\n\r\nabc`, status: 200 },
    { what: 'there is none', request: `${put}\r\n`, status: 200 },
    { what: 'it is too large', request: `${put}Content-Length: 65\r\n\r\n`, status: 413 },
    {
      what: 'it is not read',
      request: 'GET /a HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n',
      status: 200,
    },
  ])('The server does not request a body if $what', async ({ request, status }) => {
    await using t = await startServer();
    const client = t.dial();
    client.send(request);
    expect(await client.gets('HTTP/1.1')).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  });

  it('A body that the method does not have is not read, and the connection ends with the answer', async () => {
    await using t = await startServer();
    const client = t.dial();
    client.send('POST /a HTTP/1.1\r\nContent-Length: 30\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n');
    expect(await client.over).toBe('ended');
    expect(summary(client.got())).toEqual(['200 /a']);
    expect(t.requests).toHaveLength(1);
  });

  it('A body can be as large as the limit', async () => {
    await using t = await startServer();
    const client = t.dial();
    const body = 'x'.repeat(64);
    client.send(`PUT /a HTTP/1.1\r\nContent-Length: 64\r\n\r\n${body}`);
    await client.gets(body);
  });
});

describe('Half-closed client', () => {
  it('A client that half-closes together with its requests is answered if the answers are ready immediately', async () => {
    await using t = await startServer();
    const client = t.dial();
    client.end('GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n');
    expect(await client.over).toBe('ended');
    expect(summary(client.got())).toEqual(['200 /a', '200 /b']);
  });

  it('A half-closed client gets every answer although the kernel takes a while for the first one', async () => {
    const large = 'x'.repeat(16 * 1_048_576);
    await using t = await startServer({
      request: (request) => {
        t.server.respond(request, answer(request.head.target === '/large' ? large : 'small'));
      },
    });
    const client = t.dial();
    client.end('GET /large HTTP/1.1\r\n\r\nGET /small HTTP/1.1\r\n\r\n');
    expect(await client.over).toBe('ended');
    expect(client.got().length).toBeGreaterThan(large.length);
    expect(client.got()).toMatch(/small$/);
  });

  it('A client that half-closes while its request waits is treated as disconnected', async () => {
    let gone = 0;
    await using t = await startServer({
      request: (request) => {
        request.gone = () => (gone += 1);
      },
    });
    const client = t.dial();
    client.end('GET /a HTTP/1.1\r\n\r\n');
    await client.over;
    expect(gone).toBe(1);
    expect(client.got()).toBe('');
    expect(t.server.connections.size).toBe(0);
  });

  it('A client that half-closes without a request gets no answer, and its connection ends', async () => {
    await using t = await startServer();
    const client = t.dial();
    client.end();
    expect(await client.over).toBe('ended');
    expect(client.got()).toBe('');
  });

  it.each(['GET /a HT', 'PUT /a HTTP/1.1\r\nContent-Length: 3\r\n\r\nab'])(
    'A client that half-closes in the middle of the request %j is answered 400',
    async (part) => {
      await using t = await startServer();
      const client = t.dial();
      client.end(part);
      expect(await client.over).toBe('ended');
      expect(summary(client.got())).toEqual(['400']);
    },
  );
});

describe('Answer', () => {
  it('A second answer to one request is dropped', async () => {
    await using t = await startServer();
    const client = t.dial();
    client.send('GET /a HTTP/1.1\r\n\r\n');
    await client.gets('/a');
    const [request] = t.requests;
    if (request === undefined) throw new Error('no request');
    t.server.respond(request, { status: 200, headers: '', body: 'twice' });
    client.send('GET /b HTTP/1.1\r\nConnection: close\r\n\r\n');
    await client.over;
    expect(summary(client.got())).toEqual(['200 /a', '200 /b']);
  });

  it('An answer to a disconnected client is dropped', async () => {
    await using t = await startServer({ request: () => undefined });
    const client = t.dial();
    client.send('GET /a HTTP/1.1\r\n\r\n');
    await t.received(1);
    client.socket.resetAndDestroy();
    while (t.server.connections.size > 0) await setImmediate();
    const [request] = t.requests;
    if (request === undefined) throw new Error('no request');
    t.server.respond(request, { status: 200, headers: '', body: 'late' });
    expect(t.clock.pending).toBe(0);
  });
});
