import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { createFakeClock, startImds } from '@rolegate/testing';
import type { Log } from '@rolegate/runtime';
import { NodeImdsAway } from '../../src/node-imds/imds-cache.ts';
import { createNodeImds } from '../../src/node-imds/node-imds.ts';

const REGION = 'meta-data/placement/region';
const TAG = 'meta-data/tags/instance/Name';
const HOUR_MS = 3_600_000;

let closers: (() => unknown)[] = [];

afterEach(async () => {
  await Promise.all(closers.map((close) => close()));
  closers = [];
});

function reader(endpoint: string) {
  const clock = createFakeClock();
  const lines: { readonly level: string; readonly message: string; readonly fields: object | undefined }[] =
    [];
  const level = (name: string) => (message: string, fields?: object) => {
    lines.push({ level: name, message, fields });
  };
  const log: Log = { debug: level('debug'), info: level('info'), warn: level('warn'), error: level('error') };
  const node = createNodeImds({ endpoint, clock, log });
  closers.push(node.close);
  return { clock, lines, node };
}

async function setup() {
  const imds = await startImds();
  closers.push(() => imds.close());
  const { clock, lines, node } = reader(imds.url);
  const targets = (method: string) =>
    imds.requests.filter((seen) => seen.method === method).map((seen) => seen.target);
  return { imds, clock, lines, node, gets: () => targets('GET'), puts: () => targets('PUT') };
}

/** A peer that answers as the test says, on loopback. */
async function oddPeer(
  answer: RequestListener,
  giveToken: RequestListener = (_, response) => response.end('token'),
) {
  const server = createServer((request, response) => {
    if (request.method === 'PUT') giveToken(request, response);
    else answer(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return reader(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

describe('Reading', () => {
  it("A file of the node's IMDS is read with a token of the agent's own", async () => {
    const { imds, node } = await setup();
    expect(await node.read(REGION)).toBe('eu-central-1');
    expect(imds.requests.map(({ method, target, status }) => [method, target, status])).toEqual([
      ['PUT', '/latest/api/token', 200],
      ['GET', '/latest/meta-data/placement/region', 200],
    ]);
    expect(imds.requests[0]?.headers['x-aws-ec2-metadata-token-ttl-seconds']).toBe('21600');
  });

  it('A directory is asked for with its slash, so that it is not redirected', async () => {
    const { node, gets } = await setup();
    expect(await node.read('meta-data/placement')).toBe('availability-zone\navailability-zone-id\nregion');
    expect(await node.read('')).toBe('dynamic/\nmeta-data/\nuser-data');
    expect(gets()).toEqual(['/latest/meta-data/placement/', '/latest/']);
  });

  it.each([
    { path: 'meta-data/iam/security-credentials/SENTINEL-NODE-ROLE' },
    { path: 'meta-data/iam' },
    { path: 'meta-data/identity-credentials/ec2/security-credentials/ec2-instance' },
    { path: 'meta-data/profile' },
    { path: '../../x' },
    { path: 'meta-data/placement/region?x' },
    { path: 'meta-data/placement/region HTTP/1.1\r\nX: y' },
  ])('The node is never asked for $path', async ({ path }) => {
    const { imds, node } = await setup();
    expect(await node.read(path)).toBeUndefined();
    expect(imds.requests).toEqual([]);
  });

  it('Concurrent reads of the IMDS cause one request per path, and one for a token', async () => {
    const { node, gets, puts } = await setup();
    const paths = ['region', 'availability-zone', 'region', 'region'].map(
      (name) => `meta-data/placement/${name}`,
    );
    await Promise.all(paths.map((path) => node.read(path)));
    expect([gets().length, puts().length]).toEqual([2, 1]);
  });
});

describe('Remembered answers', () => {
  it.each([
    { path: REGION, freshMs: HOUR_MS },
    { path: 'dynamic/instance-identity/document', freshMs: HOUR_MS },
    { path: 'meta-data/instance-id', freshMs: HOUR_MS },
    { path: TAG, freshMs: 60_000 },
    { path: 'meta-data/local-ipv4', freshMs: 60_000 },
    { path: 'meta-data/placement', freshMs: 60_000 },
    { path: 'meta-data/placement/host-id', freshMs: 60_000 },
    { path: 'meta-data/events/maintenance/scheduled', freshMs: 5_000 },
    { path: 'meta-data/spot/instance-action', freshMs: 5_000 },
  ])('The path $path is asked for again after $freshMs ms', async ({ path, freshMs }) => {
    const { clock, node, gets } = await setup();
    const first = await node.read(path);
    await clock.advance(freshMs - 1);
    expect(await node.read(path)).toBe(first);
    expect(gets()).toHaveLength(1);
    await clock.advance(1);
    await node.read(path);
    expect(gets()).toHaveLength(2);
  });

  it('A file that the node does not have is undefined, and is found a minute after it appears', async () => {
    const { imds, clock, node } = await setup();
    expect(await node.read('meta-data/placement/group-name')).toBeUndefined();
    imds.tree.set('meta-data/placement/group-name', 'g');
    await clock.advance(60_000);
    expect(await node.read('meta-data/placement/group-name')).toBe('g');
  });

  it('A bounded number of answers is remembered, those that were asked for last', async () => {
    const { imds, node, gets } = await setup();
    const tags = Array.from({ length: 256 }, (_, index) => `meta-data/tags/instance/t${index}`);
    for (const tag of tags) imds.tree.set(tag, 'x');
    await node.read(REGION);
    for (const tag of tags.slice(0, 255)) await node.read(tag);
    await node.read(REGION);
    await node.read(tags[255] ?? '');
    const before = gets().length;
    await node.read(REGION);
    expect(gets()).toHaveLength(before);
    await node.read(tags[0] ?? '');
    expect(gets()).toHaveLength(before + 1);
  });
});

describe('Node token', () => {
  it("The token for the node's IMDS is renewed before it expires", async () => {
    const { clock, node, puts } = await setup();
    await node.read(TAG);
    await clock.advance(5.3 * HOUR_MS);
    await node.read(TAG);
    expect(puts()).toHaveLength(1);
    await clock.advance(0.2 * HOUR_MS);
    await node.read(TAG);
    expect(puts()).toHaveLength(2);
  });

  it("The token for the node's IMDS is fetched again if the node has forgotten it, and the read succeeds", async () => {
    const { imds, clock, lines, node, puts } = await setup();
    await node.read(TAG);
    imds.forgetTokens();
    await clock.advance(60_000);
    expect(await node.read(TAG)).toBe('node-1');
    expect(puts()).toHaveLength(2);
    expect(lines).toEqual([]);
  });

  it('A read for which the node gives no token fails and does not fall back to IMDSv1', async () => {
    const { imds, node, gets } = await setup();
    imds.tokensRequired(false);
    imds.refuse();
    await expect(node.read(REGION)).rejects.toThrow(NodeImdsAway);
    expect(gets()).toEqual([]);
  });
});

describe('Unavailable IMDS', () => {
  it('An unavailable IMDS fails reads without a remembered answer, and is logged once', async () => {
    const { imds, lines, node } = await setup();
    await imds.down();
    await expect(node.read(REGION)).rejects.toThrow(NodeImdsAway);
    await expect(node.read('meta-data/mac')).rejects.toThrow(NodeImdsAway);
    expect(lines).toEqual([
      {
        level: 'warn',
        message: 'node IMDS does not respond',
        fields: {
          error: expect.stringMatching(/placement\/region: .*ECONNREFUSED/) as unknown,
          hint: expect.any(String) as unknown,
        },
      },
    ]);
  });

  it('A read is given up after a second if the IMDS hangs', async () => {
    const { imds, clock, node } = await setup();
    imds.hang();
    const failed = expect(node.read(REGION)).rejects.toThrow(NodeImdsAway);
    await imds.arrived(1);
    await clock.advance(1000);
    await failed;
  });

  it('A read is given up a second after its start even if only the document hangs', async () => {
    const { imds, clock, node } = await setup();
    await node.read('meta-data/mac');
    imds.hang();
    const failed = expect(node.read(REGION)).rejects.toThrow(NodeImdsAway);
    await imds.arrived(3);
    await clock.advance(1000);
    await failed;
  });

  it('An old answer is served while the IMDS is unavailable, and at once after the first failure', async () => {
    const { imds, clock, node, gets } = await setup();
    await node.read(REGION);
    await imds.down();
    await clock.advance(100 * HOUR_MS);
    expect(await node.read(REGION)).toBe('eu-central-1');
    await imds.up();
    imds.hang();
    await clock.advance(1000);
    expect(await node.read(REGION)).toBe('eu-central-1');
    expect(gets()).toHaveLength(1);
  });

  it('An unavailable IMDS is asked again after a second at the earliest, and is read again once it is back', async () => {
    const { imds, clock, lines, node } = await setup();
    imds.refuse(500);
    await expect(node.read(REGION)).rejects.toThrow(NodeImdsAway);
    const asked = imds.requests.length;
    await imds.up();
    await expect(node.read(REGION)).rejects.toThrow(NodeImdsAway);
    expect(imds.requests).toHaveLength(asked);
    await clock.advance(1000);
    expect(await node.read(REGION)).toBe('eu-central-1');
    expect(lines.map(({ level, message }) => [level, message])).toEqual([
      ['warn', 'node IMDS does not respond'],
      ['info', 'node IMDS recovered'],
    ]);
  });

  it('A change after an outage of the IMDS is seen as soon as before it', async () => {
    const { imds, clock, lines, node } = await setup();
    await node.read(TAG);
    imds.refuse(500);
    await clock.advance(60_000);
    expect(await node.read(TAG)).toBe('node-1');
    await imds.up();
    await clock.advance(1000);
    await node.read(TAG);
    while (!lines.some(({ message }) => message === 'node IMDS recovered')) await setImmediate();
    imds.tree.set(TAG, 'node-2');
    await clock.advance(60_000);
    expect(await node.read(TAG)).toBe('node-2');
  });

  it('A read succeeds even if the kept connection was closed in the meantime', async () => {
    const { imds, node } = await setup();
    await node.read(REGION);
    await imds.down();
    await imds.up();
    expect(await node.read('meta-data/mac')).toBe('02:29:96:8f:6a:2d');
  });
});

describe('Odd answers', () => {
  it.each<{ what: string; answer: RequestListener }>([
    { what: 'a redirect', answer: (_, response) => response.writeHead(301, { location: '/x' }).end() },
    { what: 'a refusal', answer: (_, response) => response.writeHead(403).end('no') },
    { what: 'no content', answer: (_, response) => response.writeHead(204).end() },
    { what: 'a fault', answer: (_, response) => response.writeHead(500).end() },
    { what: 'tokens that never count', answer: (_, response) => response.writeHead(401).end() },
    { what: 'an answer without end', answer: (_, response) => response.end('x'.repeat(70_000)) },
    {
      what: 'an answer cut in the middle',
      answer: (request, response) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('part', () => request.socket.destroy());
      },
    },
    { what: 'a connection closed at once', answer: (request) => request.socket.destroy() },
  ])('The IMDS counts as unavailable if it answers with $what', async ({ answer }) => {
    const seen: string[] = [];
    const { node } = await oddPeer((request, response) => {
      seen.push(request.url ?? '');
      answer(request, response);
    });
    await expect(node.read(REGION)).rejects.toThrow(NodeImdsAway);
    expect(new Set(seen)).toEqual(new Set(['/latest/meta-data/placement/region']));
    expect(seen.length).toBeLessThanOrEqual(2);
  });

  it.each<{ what: string; giveToken: RequestListener }>([
    {
      what: 'a refusal that looks like one',
      giveToken: (_, response) => response.writeHead(403).end('token'),
    },
    { what: 'an empty one', giveToken: (_, response) => response.end() },
    { what: 'one that is no header value', giveToken: (_, response) => response.end('a\r\nX: y') },
    { what: 'an endless one', giveToken: (_, response) => response.end('x'.repeat(5000)) },
  ])('The IMDS counts as unavailable if its token is $what', async ({ giveToken }) => {
    const seen: string[] = [];
    const { node } = await oddPeer((request, response) => {
      seen.push(request.url ?? '');
      response.end('x');
    }, giveToken);
    await expect(node.read(REGION)).rejects.toThrow(NodeImdsAway);
    expect(seen).toEqual([]);
  });

  it('An IMDS that trickles its answer does not keep a read open for more than a second', async () => {
    let trickle: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => {
      trickle = resolve;
    });
    const { clock, node } = await oddPeer((_, response) => {
      response.write('x', () => {
        trickle();
      });
    });
    const failed = expect(node.read(REGION)).rejects.toThrow(NodeImdsAway);
    await begun;
    await clock.advance(1000);
    await failed;
  });
});
