import { describe, expect, it } from 'vitest';
import {
  allow,
  LIST,
  OTHER_IP,
  POD_IP,
  podOf,
  serve,
  sessionOf,
  TOKEN_HEADER,
  TTL_HEADER,
  until,
} from './served.ts';
import type { Served } from './served.ts';

const HOST = 'Host: 169.254.169.254\r\n';
const CLOSE = 'Connection: close\r\n';

/** Two Pods with a role each; neither may ever get the other's secret. */
async function setup(): Promise<Served> {
  const served = await serve();
  const theirs = {
    ...allow,
    sessionId: 's-2',
    roleArn: 'arn:aws:iam::123456789012:role/theirs',
    roleName: 'theirs',
  };
  served.callers.set(POD_IP, { kind: 'pod', pod: podOf() });
  served.callers.set(OTHER_IP, {
    kind: 'pod',
    pod: podOf({ uid: 'uid-2', name: 'web-2', decision: theirs }),
  });
  served.sessions.set('s-1', sessionOf('s-1', 'my-secret'));
  served.sessions.set('s-2', sessionOf('s-2', 'their-secret'));
  return served;
}

async function expectOthersServed(served: Served): Promise<void> {
  const answer = await served.ask(`${LIST}theirs`, { ip: OTHER_IP });
  expect(answer).toMatchObject({ status: 200 });
  expect(answer.body).toContain('their-secret');
}

function get(target: string, headers = HOST): string {
  return `GET ${target} HTTP/1.1\r\n${headers}${CLOSE}\r\n`;
}

function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1]);
}

describe('Request targets', () => {
  it.each([
    { target: 'http://169.254.169.254/latest/meta-data/iam/security-credentials/app/reader', status: 400 },
    { target: 'http://example.com/', status: 400 },
    { target: '/latest/meta-data/%00', status: 400 },
    { target: '/latest/meta-data/iam/security-credentials/app/reader%00', status: 400 },
    { target: '/latest/meta-data/#', status: 400 },
    { target: '/latest\\meta-data\\iam', status: 400 },
    { target: '/latest/%2Fmeta-data/iam/security-credentials/app/reader', status: 404 },
    { target: '/latest/meta-data/iam/security-credentials-extended/app/reader;x', status: 404 },
    { target: '/latest/meta-data/iam/security-credentials-extended/theirs', status: 403 },
    { target: '/latest//user-data', status: 404 },
    { target: '/latest/meta-data/..;/meta-data/iam/security-credentials/app/reader', status: 404 },
    { target: '/latest/dynamic/../meta-data/iam/security-credentials/app/reader', status: 404 },
    { target: '/latest/meta-data/iam%2fsecurity-credentials/app/reader', status: 404 },
    { target: '/latest/user-data', status: 404 },
    { target: '/latest/meta-data/identity-credentials/ec2/security-credentials/ec2-instance', status: 404 },
    { target: '/LATEST/meta-data/iam/security-credentials/app/reader', status: 404 },
    { target: '/latest/meta-data/iam/security-credentials/app/reader/x', status: 403 },
    { target: '/latest/meta-data/iam/security-credentials/APP/reader', status: 403 },
  ])(
    'The target $target is refused with $status, and no secret is in the answer',
    async ({ target, status }) => {
      await using served = await setup();
      const answer = await served.raw(get(target));
      expect(statusOf(answer)).toBe(status);
      expect(answer).not.toContain('secret"');
      expect(served.records[0]?.reason).toBeDefined();
      expect(served.lines[0]).toMatchObject({ message: 'request refused', fields: { ip: POD_IP, status } });
      await expectOthersServed(served);
    },
  );

  it('No spelling among hundreds reads a closed path or the credentials of another Pod', async () => {
    await using served = await setup();
    const doors = ['app/reader', 'theirs', '../theirs', 'ec2-instance', ''];
    const targets = doors.flatMap((door) =>
      spellings(`/latest/meta-data/iam/security-credentials/${door}`).concat(
        spellings(`/latest/meta-data/placement/../iam/security-credentials/${door}`),
      ),
    );
    expect(targets.length).toBeGreaterThan(200);
    for (const target of targets) {
      const answer = await served.raw(get(target));
      expect(answer).not.toContain('their-secret');
      if (answer.includes('my-secret'))
        expect(decodeURIComponent(target.replace(/\?.*$/, ''))).toMatch(
          /^\/+latest\/+meta-data\/+iam\/+security-credentials\/+app\/+reader\/*$/,
        );
    }
    expect(served.reads).toEqual([]);
    await expectOthersServed(served);
  });

  it.each([
    'app/reader',
    'app%2freader',
    '%61pp%2Freader',
    '%2Fapp%2Freader',
    'arn:aws:iam::123456789012:role/app/reader',
  ])('The role is recognized if it is spelled %s', async (spelling) => {
    await using served = await setup();
    for (const slash of ['', '/', '?x=y', '/?../theirs']) {
      expect((await served.ask(`${LIST}${spelling}${slash}`)).body).toContain('my-secret');
    }
    expect((await served.ask(`${LIST}${spelling}/theirs`)).status).toBe(403);
  });
});

describe('Methods', () => {
  it.each([
    LIST,
    `${LIST}app/reader`,
    '/latest/meta-data/iam/info',
    '/latest/meta-data/placement/region',
    '/latest',
    '/',
  ])('Methods other than GET and HEAD are refused on %s', async (target) => {
    await using served = await setup();
    for (const method of ['PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND']) {
      const answer = await served.ask(target, { method });
      expect(answer).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
      expect(answer.body).not.toContain('secret"');
    }
  });

  it('Methods other than PUT are refused on the token path', async () => {
    await using served = await setup();
    for (const target of ['/latest/api/token', '/latest/api/token/', '/2021-03-23/api/token']) {
      for (const method of ['GET', 'HEAD', 'POST', 'DELETE']) {
        expect(await served.ask(target, { method })).toMatchObject({
          status: 405,
          headers: { allow: 'PUT' },
        });
      }
    }
  });

  it('The method is checked after the path', async () => {
    await using served = await setup();
    for (const method of ['GET', 'PUT', 'POST'])
      expect((await served.ask('/latest/user-data', { method })).status).toBe(404);
  });

  it('CONNECT, OPTIONS * and methods that HTTP does not have are answered 400', async () => {
    await using served = await setup();
    for (const line of [
      'FOO / HTTP/1.1',
      'CONNECT 169.254.169.254:80 HTTP/1.1',
      'OPTIONS * HTTP/1.1',
      'get / HTTP/1.1',
    ]) {
      expect(statusOf(await served.raw(`${line}\r\n${HOST}${CLOSE}\r\n`))).toBe(400);
    }
    await expectOthersServed(served);
  });
});

describe('Malformed requests', () => {
  it.each([
    { what: 'no HTTP at all', bytes: '\x16\x03\x01\x02\x00\x01\x00', status: 400 },
    {
      what: 'a header of 1 MB',
      bytes: `GET / HTTP/1.1\r\n${HOST}X: ${'a'.repeat(1_048_576)}\r\n\r\n`,
      status: 431,
    },
    { what: 'a target of 1 MB', bytes: `GET /${'a'.repeat(1_048_576)} HTTP/1.1\r\n${HOST}\r\n`, status: 431 },
    {
      what: 'a length and chunks',
      bytes: `GET ${LIST} HTTP/1.1\r\n${HOST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      status: 400,
    },
    {
      what: 'two lengths',
      bytes: `GET ${LIST} HTTP/1.1\r\n${HOST}Content-Length: 0\r\nContent-Length: 5\r\n\r\n`,
      status: 400,
    },
    { what: 'two Host headers', bytes: get(LIST, HOST + HOST), status: 400 },
    {
      what: 'two tokens',
      bytes: get(LIST, `${HOST}${TOKEN_HEADER}: a\r\n${TOKEN_HEADER}: b\r\n`),
      status: 400,
    },
    { what: 'a NUL in a header', bytes: get(LIST, `${HOST}X: \0\r\n`), status: 400 },
    { what: 'a header without a name', bytes: get(LIST, `${HOST}: x\r\n`), status: 400 },
  ])('A request with $what is answered $status, with a reason in the log', async ({ bytes, status }) => {
    await using served = await setup();
    const answer = await served.raw(bytes);
    expect(statusOf(answer)).toBe(status);
    expect(answer).toContain('"Code":"');
    expect(served.lines[0]?.fields).toMatchObject({ status, ip: POD_IP });
    expect(served.lines[0]?.fields['reason']).toBeDefined();
    await expectOthersServed(served);
  });

  it('Half a request delays no other Pod, and is answered 408 when its time is over', async () => {
    await using served = await setup();
    const { socket, received } = await served.dial();
    socket.write(`GET ${LIST}app/reader HTTP/1.1\r\nHost: 169.2`);
    await expectOthersServed(served);
    await served.clock.advance(2_500);
    await until(() => socket.readableEnded || socket.closed);
    expect(statusOf(received())).toBe(408);
    expect(served.lines.at(-1)?.fields).toMatchObject({ status: 408, reason: 'RequestTimeout' });
    socket.destroy();
  });

  it('A request for the list is answered without waiting for its body', async () => {
    await using served = await setup();
    const answer = await served.raw(`GET ${LIST} HTTP/1.1\r\n${HOST}Content-Length: 1000\r\n\r\n`);
    expect(statusOf(answer)).toBe(200);
    expect(answer.toLowerCase()).toContain('connection: close');
  });

  it('A client that resets its connection does not keep another Pod from being served', async () => {
    await using served = await setup();
    for (const bytes of ['', 'GET ', get(LIST), `GET /${'a'.repeat(100_000)}`]) {
      const { socket } = await served.dial();
      socket.write(bytes);
      socket.resetAndDestroy();
    }
    await expectOthersServed(served);
  });

  it('Pipelined requests are answered one by one', async () => {
    await using served = await setup();
    const answer = await served.raw(
      `GET ${LIST} HTTP/1.1\r\n${HOST}\r\nGET /x HTTP/1.1\r\n${HOST}\r\n${get(`${LIST}app/reader`)}`,
    );
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 404', 'HTTP/1.1 200']);
  });
});

describe('Host header', () => {
  const good = [
    '169.254.169.254',
    '169.254.169.254:80',
    '[fd00:ec2::254]',
    '[FD00:EC2:0::254]:80',
    'fd00:ec2::254',
    'instance-data',
    'Instance-Data.EC2.internal:80',
  ];
  it.each(good)('A request with the Host %j is answered', async (host) => {
    await using served = await setup();
    expect((await served.ask(LIST, { headers: { host } })).status).toBe(200);
  });

  it.each([
    'attacker.example',
    '169.254.169.254.nip.io',
    '169.254.169.254@x',
    'x:80',
    '127.0.0.1',
    '169.254.169.254:x',
    '[',
  ])('A request with the Host %j is refused before its path is checked', async (host) => {
    await using served = await setup();
    for (const target of [LIST, '/latest/user-data', '/latest/api/token']) {
      expect((await served.ask(target, { headers: { host } })).status).toBe(403);
    }
  });

  it('A request with an empty Host or none is answered', async () => {
    await using served = await setup();
    expect(statusOf(await served.raw(get(LIST, '')))).toBe(200);
    expect(statusOf(await served.raw(get(LIST, 'Host:\r\n')))).toBe(200);
    expect(statusOf(await served.raw(`GET ${LIST} HTTP/1.0\r\n\r\n`))).toBe(200);
  });
});

describe('Order of checks', () => {
  const POST = 'POST';
  it.each([
    {
      what: 'a broken target comes before the Host',
      target: '/latest/%00',
      host: 'x',
      method: POST,
      status: 400,
    },
    { what: 'the Host before the path', target: '/latest/user-data', host: 'x', method: POST, status: 403 },
    {
      what: 'the version before the method',
      target: '/v1/meta-data',
      host: '169.254.169.254',
      method: POST,
      status: 404,
    },
    {
      what: 'the path before the method',
      target: '/latest/user-data',
      host: '169.254.169.254',
      method: POST,
      status: 404,
    },
    {
      what: 'the method before the caller',
      target: LIST,
      host: '169.254.169.254',
      method: POST,
      status: 405,
    },
    { what: 'the caller last', target: LIST, host: '169.254.169.254', method: 'GET', status: 403 },
  ])(
    'A request with several faults is refused for the first in order: $what',
    async ({ target, host, method, status }) => {
      await using served = await setup();
      served.callers.set(POD_IP, { kind: 'pod', pod: podOf({ metadata: { denied: true } }) });
      expect((await served.ask(target, { method, headers: { host } })).status).toBe(status);
    },
  );
});

describe('Token requests', () => {
  const ttl = (value: string) => ({ [TTL_HEADER]: value });
  it.each([
    { what: 'no TTL', target: '/latest/api/token', headers: {}, status: 400 },
    { what: 'a bad TTL', target: '/latest/api/token', headers: ttl('0x1'), status: 400 },
    { what: 'two TTLs', target: '/latest/api/token', headers: { [TTL_HEADER]: ['60', '60'] }, status: 400 },
    {
      what: 'X-Forwarded-For',
      target: '/latest/api/token',
      headers: { ...ttl('60'), 'x-forwarded-for': '10.0.0.1' },
      status: 403,
    },
    { what: 'a dated version', target: '/2021-03-23/api/token', headers: ttl('60'), status: 403 },
    { what: 'version 1.0', target: '/1.0/api/token/', headers: ttl('60'), status: 403 },
    { what: 'the last slash', target: '/latest/api/token/', headers: ttl('60'), status: 200 },
  ])('A token request with $what is answered $status', async ({ target, headers, status }) => {
    await using served = await setup();
    expect((await served.ask(target, { method: 'PUT', headers })).status).toBe(status);
  });

  it('A token is accepted from its own Pod and from no other, and is not logged', async () => {
    await using served = await setup();
    const { body: token } = await served.ask('/latest/api/token', { method: 'PUT', headers: ttl('60') });
    const headers = { [TOKEN_HEADER]: token };
    expect((await served.ask(`${LIST}app/reader`, { headers })).status).toBe(200);
    expect((await served.ask(`${LIST}theirs`, { headers, ip: OTHER_IP })).status).toBe(401);
    expect((await served.ask(LIST, { headers: { [TOKEN_HEADER]: '' } })).status).toBe(401);
    expect(JSON.stringify(served.lines)).not.toContain(token);
  });
});

/** One path in spellings that have bypassed filters. */
function spellings(path: string): string[] {
  const slashes = [...path.matchAll(/\//g)].map(({ index }) => index);
  const odd = [
    '//',
    '/./',
    '/x/../',
    '/..;/',
    ';/',
    ';x=1/',
    '%2f',
    '%2F',
    '%252f',
    '\\',
    '/%2e/',
    '/%2e%2e/',
    '%00/',
  ];
  const atSlashes = odd.flatMap((by) => slashes.map((at) => path.slice(0, at) + by + path.slice(at + 1)));
  const whole = [
    '%00',
    '%20',
    ';',
    ';x',
    '/.',
    '/..',
    '?',
    '?/../theirs',
    '#',
    '%23',
    '//',
    '%2f',
    '.json',
    '%0d%0a',
  ];
  return [
    ...atSlashes,
    ...whole.map((end) => path + end),
    path.toUpperCase(),
    encodeURI(path).replace('a', '%61'),
  ];
}
