import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { POD_IP, until } from '../metadata/served.ts';
import type { AskOptions } from '../metadata/served.ts';
import { defaultLimits } from '../../src/pod-http/http-limits.ts';
import { host, NODE_IP, PATH, serve, tokenOf, web } from './served.ts';

const TOKEN = tokenOf(web.name);

interface Row {
  readonly request: string;
  readonly ask: AskOptions & { readonly target?: string };
  readonly status: number;
  readonly reason?: string;
}

const rows: readonly Row[] = [
  { request: 'a Host without a port', ask: { headers: { host: '169.254.170.23' } }, status: 200 },
  { request: 'an IPv6 Host', ask: { headers: { host: '[fd00:ec2::23]:8182' } }, status: 200 },
  {
    request: 'an IPv6 Host without brackets and port',
    ask: { headers: { host: 'fd00:ec2::23' } },
    status: 200,
  },
  { request: 'an expanded IPv6 Host', ask: { headers: { host: '[FD00:0EC2:0::23]' } }, status: 200 },
  {
    request: 'a Host of the metadata API',
    ask: { headers: { host: '169.254.169.254' } },
    status: 403,
    reason: 'HostNotAllowed',
  },
  {
    request: 'a foreign Host',
    ask: { headers: { host: 'evil.example' } },
    status: 403,
    reason: 'HostNotAllowed',
  },
  { request: 'a query', ask: { target: `${PATH}?a=b` }, status: 200 },
  { request: 'repeated slashes', ask: { target: '//v1///credentials' }, status: 200 },
  { request: 'a trailing slash', ask: { target: `${PATH}/` }, status: 404, reason: 'PathBlocked' },
  { request: 'an encoded path', ask: { target: '/v1/credential%73' }, status: 404, reason: 'PathBlocked' },
  { request: 'the root', ask: { target: '/' }, status: 404, reason: 'PathBlocked' },
  {
    request: 'a path of the metadata API',
    ask: { target: '/latest/meta-data/iam/security-credentials/app/reader' },
    status: 404,
    reason: 'PathBlocked',
  },
  {
    request: 'a wrong path and a wrong method',
    ask: { target: '/v2', method: 'POST' },
    status: 404,
    reason: 'PathBlocked',
  },
  { request: 'HEAD', ask: { method: 'HEAD' }, status: 405, reason: 'MethodNotAllowed' },
  { request: 'POST', ask: { method: 'POST' }, status: 405, reason: 'MethodNotAllowed' },
  { request: 'PUT', ask: { method: 'PUT' }, status: 405, reason: 'MethodNotAllowed' },
  {
    request: 'a wrong Host before a wrong path',
    ask: { headers: { host: 'evil.example' }, target: '/' },
    status: 403,
    reason: 'HostNotAllowed',
  },
  {
    request: 'an empty Authorization',
    ask: { headers: { authorization: '' } },
    status: 400,
    reason: 'AuthorizationMissing',
  },
  {
    request: 'two Authorization headers',
    ask: { headers: { authorization: [TOKEN, TOKEN] } },
    status: 400,
    reason: 'MalformedRequest',
  },
  {
    request: 'a scheme before the token',
    ask: { headers: { authorization: `Bearer ${TOKEN}` } },
    status: 401,
    reason: 'TokenInvalid',
  },
  {
    request: 'a token that is not ASCII',
    ask: { headers: { authorization: `${TOKEN}\u00e9` } },
    status: 401,
    reason: 'TokenInvalid',
  },
  {
    request: 'a token of 4,096 bytes that no key verifies',
    ask: { headers: { authorization: 'a'.repeat(4_096) } },
    status: 401,
    reason: 'TokenInvalid',
  },
  {
    request: 'a token of 4,097 bytes',
    ask: { headers: { authorization: 'a'.repeat(4_097) } },
    status: 401,
    reason: 'TokenInvalid',
  },
  {
    request: 'a token of 64 kB',
    ask: { headers: { authorization: 'a'.repeat(65_536) } },
    status: 431,
    reason: 'HeadersTooLarge',
  },
];

describe('Bad input to container credentials', () => {
  it.each(rows)('$request: $status $reason', async ({ ask, status, reason }) => {
    await using served = await serve();
    const answer = await served.ask(ask);
    expect(answer.status).toBe(status);
    expect(answer.headers['allow']).toBe(status === 405 ? 'GET' : undefined);
    expect(served.records).toMatchObject([{ route: 'container-credentials', status, reason }]);
    expect(JSON.stringify([served.lines, answer.body])).not.toContain(TOKEN);
  });

  it.each([
    { request: 'HTTP/1.0 without a Host', head: 'GET /v1/credentials HTTP/1.0', status: 200 },
    { request: 'HTTP/1.1 without a Host', head: 'GET /v1/credentials HTTP/1.1', status: 200 },
    {
      request: 'an absolute-form target, as proxies get it,',
      head: 'GET http://169.254.170.23:8182/v1/credentials HTTP/1.1',
      status: 400,
    },
    { request: 'a token with a tab in it', head: 'GET /v1/credentials HTTP/1.1', token: 'a\tb', status: 401 },
    { request: 'a folded token', head: 'GET /v1/credentials HTTP/1.1', token: 'a\r\n b', status: 400 },
  ])('$request gets $status', async ({ head, status, token = TOKEN }) => {
    await using served = await serve();
    const answer = await served.raw(`${head}\r\nAuthorization: ${token}\r\nConnection: close\r\n\r\n`);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  });

  it('No Authorization header gets 400', async () => {
    await using served = await serve();
    const answer = await served.raw(
      `GET ${PATH} HTTP/1.1\r\nHost: 169.254.170.23\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 400 [^]*AuthorizationMissing/);
  });

  it('A header of 1 MB gets 431 and is not kept', async () => {
    await using served = await serve();
    const { socket, received } = await served.dial();
    socket.on('error', () => undefined);
    socket.write(`GET ${PATH} HTTP/1.1\r\nAuthorization: ${'a'.repeat(1_048_576)}\r\n\r\n`);
    await new Promise((resolve) => socket.once('close', resolve));
    expect(received()).toMatch(/^(HTTP\/1\.1 431 |$)/);
    expect(served.records).toMatchObject([{ status: 431, route: 'container-credentials' }]);
    expect(served.limitHits).toEqual(['head_bytes']);
  });

  it('Requests without a good form are not judged', async () => {
    await using served = await serve();
    await served.ask({ headers: { authorization: 'a'.repeat(4_097) } });
    await served.ask({ target: '/v1' });
    expect(served.judged).toEqual([]);
    await served.ask();
    expect(served.judged).toEqual([{ token: TOKEN, from: POD_IP }]);
  });

  it('A path of the one endpoint is none of the other', async () => {
    await using served = await serve();
    expect((await served.askMetadata(PATH, { headers: { authorization: TOKEN } })).status).toBe(404);
  });
});

describe('Limits of container credentials', () => {
  it('Connections to both endpoints count together', async () => {
    await using served = await serve({ limits: { ...defaultLimits, connectionsPerPod: 2 } });
    const { socket } = await served.dial();
    socket.write(`GET ${PATH} HTTP/1.1\r\nAuthorization: ${TOKEN}\r\n\r\n`);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await served.askMetadata('/latest/meta-data/iam/security-credentials/app/reader');
    expect(served.limitHits).toEqual([]);
    const others = [await served.dial(), await served.dial()];
    await closed;
    expect(served.limitHits).toEqual(['connections_per_pod']);
    for (const other of others) other.socket.destroy();
  });

  it('A connection from the node counts for its Pod once the token proves it, so host-network Pods do not share a limit', async () => {
    // The node and all strangers have an eighth: two connections.
    await using served = await serve({ limits: { ...defaultLimits, connections: 16, connectionsPerPod: 3 } });
    const connected: Socket[] = [];
    for (let count = 0; count < 3; count += 1) {
      const { socket, received } = await served.dial(NODE_IP);
      socket.write(`GET ${PATH} HTTP/1.1\r\nAuthorization: ${tokenOf(host.name)}\r\n\r\n`);
      await until(() => received().includes('ASIA'));
      connected.push(socket);
    }
    expect(served.limitHits).toEqual([]);
    const { socket, received } = await served.dial(NODE_IP);
    socket.write(`GET ${PATH} HTTP/1.1\r\nAuthorization: ${tokenOf(host.name)}\r\n\r\n`);
    await until(() => received().includes('ASIA') && connected[0]?.closed === true);
    expect(served.limitHits).toEqual(['connections_per_pod']);
    for (const other of [...connected, socket]) other.destroy();
  });
});
