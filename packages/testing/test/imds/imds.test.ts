import { request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { SENTINELS, imdsTree, startImds } from '@rolegate/testing';
import type { FakeImds, ImdsOptions } from '@rolegate/testing';

const TOKEN = 'x-aws-ec2-metadata-token';
const TTL = 'x-aws-ec2-metadata-token-ttl-seconds';
const TOKEN_PATH = '/latest/api/token';
const ROLES = '/latest/meta-data/iam/security-credentials/';

interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let open: FakeImds[] = [];

afterEach(async () => {
  await Promise.all(open.map((imds) => imds.close()));
  open = [];
});

async function setup(options: ImdsOptions = {}) {
  const imds = await startImds(options);
  open.push(imds);

  function ask(method: string, path: string, headers: Record<string, string> = {}): Promise<Got> {
    return new Promise((resolve, reject) => {
      const { hostname, port } = new URL(imds.url);
      const sent = request({ hostname, port, method, path, headers, agent: false }, (response) => {
        response.setEncoding('utf8');
        let body = '';
        response.on('data', (part: string) => (body += part));
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
        });
      });
      sent.on('error', reject).end();
    });
  }

  const token = async (ttl = '60') => (await ask('PUT', TOKEN_PATH, { [TTL]: ttl })).body;
  const get = async (path: string) => ask('GET', path, { [TOKEN]: await token() });
  return { imds, ask, token, get };
}

describe('Fake IMDS: tokens', () => {
  it.each([{ ttl: '1' }, { ttl: '60' }, { ttl: '21600' }])(
    'The fake IMDS gives a token for $ttl s, and tells its lifetime',
    async ({ ttl }) => {
      const { ask } = await setup();
      const { status, headers, body } = await ask('PUT', TOKEN_PATH, { [TTL]: ttl });
      expect({ status, ttl: headers[TTL], type: headers['content-type'], server: headers['server'] }).toEqual(
        {
          status: 200,
          ttl,
          type: 'text/plain',
          server: 'EC2ws',
        },
      );
      expect(body).toMatch(/^[A-Za-z0-9_-]{40,}=*$/);
    },
  );

  it.each([
    { ttl: '0' },
    { ttl: '21601' },
    { ttl: '-1' },
    { ttl: 'x' },
    { ttl: '' },
    { ttl: '1.5' },
    { ttl: undefined },
  ])('The fake IMDS answers 400 to a token lifetime of $ttl', async ({ ttl }) => {
    const { ask } = await setup();
    const { status, body } = await ask('PUT', TOKEN_PATH, ttl === undefined ? {} : { [TTL]: ttl });
    expect(status).toBe(400);
    expect(body).toContain('<html');
  });

  it('The fake IMDS gives no token to a proxy, and accepts a forwarded GET', async () => {
    const { ask, token } = await setup();
    const xff = { 'x-forwarded-for': '192.0.2.1' };
    expect((await ask('PUT', TOKEN_PATH, { ...xff, [TTL]: '60' })).status).toBe(403);
    expect((await ask('GET', '/latest/meta-data/mac', { ...xff, [TOKEN]: await token() })).status).toBe(200);
  });

  it.each([
    { path: '/2021-03-23/api/token', status: 403 },
    { path: '/1.0/api/token', status: 403 },
    { path: '/latest/meta-data/', status: 405 },
  ])('The fake IMDS answers $status to a PUT on $path', async ({ path, status }) => {
    const { ask } = await setup();
    expect((await ask('PUT', path, { [TTL]: '60' })).status).toBe(status);
  });

  it('The fake IMDS refuses a GET without a token if tokens are required', async () => {
    const { imds, ask } = await setup();
    expect((await ask('GET', '/latest/meta-data/mac')).status).toBe(401);
    imds.tokensRequired(false);
    expect((await ask('GET', '/latest/meta-data/mac')).status).toBe(200);
  });

  it('The fake IMDS refuses an invalid token even if none is required', async () => {
    const { ask } = await setup({ tokensRequired: false });
    expect((await ask('GET', '/latest/meta-data/mac', { [TOKEN]: 'made-up' })).status).toBe(401);
  });

  it('Tokens of the fake IMDS expire, and are forgotten on command', async () => {
    let nowMs = 0;
    const { imds, ask, token } = await setup({ now: () => nowMs });
    const [short, long] = [await token('10'), await token('100')];
    nowMs = 10_000;
    const statusWith = async (value: string) =>
      (await ask('GET', '/latest/meta-data/', { [TOKEN]: value })).status;
    expect([await statusWith(short), await statusWith(long)]).toEqual([401, 200]);
    imds.forgetTokens();
    expect(await statusWith(long)).toBe(401);
  });
});

describe('Fake IMDS: paths', () => {
  it.each([
    { path: '/', body: /^1\.0\n[^]*\nlatest$/ },
    { path: '/latest/', body: /^dynamic\/\nmeta-data\/\nuser-data$/ },
    { path: '/2021-03-23/meta-data/placement/', body: /^availability-zone\navailability-zone-id\nregion$/ },
    { path: '/latest/meta-data/placement/availability-zone', body: /^eu-central-1a$/ },
    { path: '/latest/meta-data/placement/availability-zone/', body: /^eu-central-1a$/ },
    { path: '/latest/meta-data/', body: /^ami-id\n[^]*\niam\/\n[^]*\ntags\/$/ },
    { path: '/latest/meta-data/public-keys/', body: /^0=my-key$/ },
    { path: ROLES, body: /^SENTINEL-NODE-ROLE$/ },
    { path: '/latest/meta-data/mac?x=1', body: /^02:29:96:8f:6a:2d$/ },
  ])('The fake IMDS answers $path with its document', async ({ path, body }) => {
    const { get } = await setup();
    const got = await get(path);
    expect(got).toMatchObject({ status: 200, body: expect.stringMatching(body) as unknown });
    expect(got.headers['content-type']).toBe('text/plain');
  });

  it.each([
    { path: '/latest/meta-data/nothing', status: 404 },
    { path: '/1999-01-01/meta-data/mac', status: 404 },
    { path: '//', status: 404 },
    { path: '/latest/meta-data/placement', status: 301 },
  ])('The fake IMDS answers $status to $path', async ({ path, status }) => {
    const { get } = await setup();
    expect((await get(path)).status).toBe(status);
  });

  it('The fake IMDS accepts HEAD, and answers 405 to POST', async () => {
    const { ask, token } = await setup();
    const headers = { [TOKEN]: await token() };
    expect(await ask('HEAD', '/latest/meta-data/mac', headers)).toMatchObject({ status: 200, body: '' });
    const post = await ask('POST', '/latest/meta-data/mac', headers);
    expect([post.status, post.headers.allow]).toEqual([405, 'GET, HEAD, PUT']);
  });

  it('The fake IMDS formats credentials as IMDS does', async () => {
    const { get } = await setup();
    const { body } = await get(`${ROLES}SENTINEL-NODE-ROLE`);
    expect(body).toMatch(/^\{\n {2}"Code" : "Success",\n {2}"Type" : "AWS-HMAC",\n[^]*"\n\}$/);
    expect(JSON.parse(body)).toMatchObject({ SecretAccessKey: 'SENTINEL-NODE-SECRET' });
  });

  it('Every sentinel is in some document of the fake IMDS, whose tree can be changed', async () => {
    const all = JSON.stringify(imdsTree);
    for (const sentinel of [...SENTINELS.never, ...SENTINELS.unlessAllowed]) expect(all).toContain(sentinel);
    const { imds, get } = await setup();
    imds.tree.delete('meta-data/mac');
    imds.tree.set('meta-data/spot/instance-action', '{}');
    expect((await get('/latest/meta-data/mac')).status).toBe(404);
    expect((await get('/latest/meta-data/spot/')).body).toBe('instance-action');
  });
});

describe('Fake IMDS: faults', () => {
  it('The fake IMDS records each request, and how it was answered', async () => {
    const { imds, get } = await setup();
    await get('/latest/user-data?a');
    expect(imds.requests.map(({ method, target, status }) => [method, target, status])).toEqual([
      ['PUT', TOKEN_PATH, 200],
      ['GET', '/latest/user-data?a', 200],
    ]);
    expect(imds.requests[1]?.headers[TOKEN]).toBeDefined();
  });

  it('The fake IMDS refuses every request until it is up again', async () => {
    const { imds, ask, get } = await setup();
    imds.refuse();
    expect((await ask('PUT', TOKEN_PATH, { [TTL]: '60' })).status).toBe(403);
    await imds.up();
    expect((await get('/latest/meta-data/mac')).status).toBe(200);
  });

  it('The fake IMDS refuses connections while it is down, and returns on the same port', async () => {
    const { imds, get } = await setup();
    await imds.down();
    await expect(get('/latest/meta-data/mac')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await imds.up();
    expect((await get('/latest/meta-data/mac')).status).toBe(200);
  });

  it('The fake IMDS accepts a request and does not answer while it hangs', async () => {
    const { imds, get } = await setup();
    imds.hang();
    const hung = get('/latest/meta-data/mac');
    const failed = expect(hung).rejects.toThrow(/hang up|ECONNRESET/);
    await imds.arrived(1);
    expect(imds.requests[0]?.status).toBe(0);
    await imds.down();
    await failed;
  });

  it('The fake IMDS answers later if it has a latency', async () => {
    const { imds, get } = await setup();
    imds.latency(20);
    const startMs = performance.now();
    expect((await get('/latest/meta-data/mac')).status).toBe(200);
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(38);
  });
});
