import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Metadata } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { createTestCa, eventually, writeTlsFiles } from '@rolegate/testing';
import type { IssueOptions } from '@rolegate/testing';
import { openFeed, PATIENCE, resolveIp, startAttestedServer, tokenOf } from './attested-server.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const NODE_A: IssueOptions = { uris: ['spiffe://rolegate/node/node-a'], usages: ['client'] };
/** Like kiam's agents: the same for all. */
const NAMELESS: IssueOptions = { dns: ['agent'], usages: ['client'] };

/** A server with user-provided certificates. */
async function setup(argv: readonly string[] = []) {
  const ca = await createTestCa();
  const folder = await mkdtemp(join(tmpdir(), 'rolegate-files-'));
  closing.push(() => rm(folder, { recursive: true, force: true }));
  const files = await writeTlsFiles(folder, {
    ca: ca.pem,
    ...(await ca.issue({ dns: ['rolegate-server'], usages: ['server'] })),
  });
  const server = await startAttestedServer([
    '--cert',
    files.cert,
    '--key',
    files.key,
    '--ca',
    files.ca,
    '--namespace',
    'rolegate',
    ...argv,
  ]);
  closing.push(() => server[Symbol.asyncDispose]());
  server.start();
  await server.ready();
  const client = async (options: IssueOptions) => {
    const { cert, key } = await ca.issue(options);
    return server.client({ ca: Buffer.from(ca.pem), cert: Buffer.from(cert), key: Buffer.from(key) });
  };
  return { server, client };
}

function withToken(token: string): Metadata {
  const metadata = new Metadata();
  metadata.set('rolegate-token', token);
  return metadata;
}

describe('User-provided certificates', () => {
  it('A ServiceAccount token on the call proves the node if the user-provided certificate names none', async () => {
    const { server, client } = await setup();
    const [agent, token] = [await client(NAMELESS), tokenOf(server.api, 'node-a')];
    const feed = openFeed(agent, { nodeName: 'node-a' }, withToken(token));
    await feed.synced();
    expect(feed.pods()).toEqual(['a', 'agent-node-a']);
    expect(await resolveIp(agent, '198.18.0.1', withToken(token))).toBe('a');
    expect(await resolveIp(agent, '198.18.0.2', withToken(token))).toMatch(/PERMISSION_DENIED/);
    expect(server.api.tokenReviews).toBe(1);
    feed.close();
  });

  it('A certificate without a node proves nothing if the ServiceAccount token is missing or bad', async () => {
    const { server, client } = await setup();
    const agent = await client(NAMELESS);
    const none = openFeed(agent, { nodeName: 'node-a' });
    expect(await none.ended).toMatch(/PERMISSION_DENIED: ForeignNode: the client certificate names no node/);
    const bad = openFeed(agent, { nodeName: 'node-a' }, withToken('garbage'));
    expect(await bad.ended).toMatch(
      /PERMISSION_DENIED: ForeignNode: the API server does not accept the token/,
    );
    expect(await resolveIp(agent, '198.18.0.1')).toMatch(/PERMISSION_DENIED/);
    const large = openFeed(agent, {}, withToken('x'.repeat(16_385)));
    expect(await large.ended).toMatch(/PERMISSION_DENIED|RESOURCE_EXHAUSTED|UNAVAILABLE|INTERNAL/);
    expect([none, bad, large].flatMap(({ updates }) => updates)).toEqual([]);
    expect(server.audits().length).toBeGreaterThanOrEqual(3);
  });

  it('A user-provided certificate with the ServiceAccount token of another node is refused as ForeignNode', async () => {
    const { server, client } = await setup();
    const feed = openFeed(await client(NODE_A), {}, withToken(tokenOf(server.api, 'node-b')));
    expect(await feed.ended).toMatch(/ForeignNode: the certificate is of node node-a, the token of node-b/);
    expect(server.audits()).toContainEqual(expect.objectContaining({ reason: 'ForeignNode' }));
  });

  it('A certificate that names the node keeps working while the API server is unavailable, another does not', async () => {
    const { server, client } = await setup();
    const [named, nameless] = [await client(NODE_A), await client(NAMELESS)];
    const metadata = withToken(tokenOf(server.api, 'node-a'));
    server.api.refuse(503);
    expect(await resolveIp(named, '198.18.0.1', metadata)).toBe('a');
    expect(await resolveIp(nameless, '198.18.0.1', metadata)).toMatch(
      /UNAVAILABLE: .*API server cannot review/,
    );
  });

  it('A connection that has proven one node is refused as another', async () => {
    const { server, client } = await setup();
    const agent = await client(NAMELESS);
    expect(await resolveIp(agent, '198.18.0.1', withToken(tokenOf(server.api, 'node-a')))).toBe('a');
    const other = await resolveIp(agent, '198.18.0.2', withToken(tokenOf(server.api, 'node-b')));
    expect(other).toMatch(/ForeignNode: this connection belongs to node node-a, but the call is of node-b/);
    expect(
      await resolveIp(await client(NAMELESS), '198.18.0.2', withToken(tokenOf(server.api, 'node-b'))),
    ).toBe('b');
  });

  it('A stream ends with the agent Pod that its ServiceAccount token proved', async () => {
    const { server, client } = await setup();
    const feed = openFeed(await client(NAMELESS), {}, withToken(tokenOf(server.api, 'node-a')));
    await feed.synced();
    server.api.delete('Pod', 'rolegate', 'agent-node-a');
    expect(await feed.ended).toMatch(/UNAVAILABLE: .*does not exist any more/);
  });

  it('A node that presents many bad ServiceAccount tokens has few of them reviewed, and delays no other node', async () => {
    const { server, client } = await setup();
    const [thief, agent] = [
      await client(NODE_A),
      await client({ ...NODE_A, uris: ['spiffe://rolegate/node/node-b'] }),
    ];
    const words = await Promise.all(
      Array.from({ length: 50 }, (_, at) => resolveIp(thief, '198.18.0.1', withToken(`rubbish ${at}`))),
    );
    expect(words.filter((text) => text.includes('TooManyRequests')).length).toBeGreaterThanOrEqual(35);
    expect(server.api.tokenReviews).toBeLessThanOrEqual(15);
    expect(await resolveIp(agent, '198.18.0.2', withToken(tokenOf(server.api, 'node-b')))).toBe('b');
    expect(await resolveIp(agent, '198.18.0.2', withToken('one bad token'))).toMatch(/PERMISSION_DENIED/);
  });

  it('A server with user-provided certificates does not attest', async () => {
    const { client } = await setup();
    const agent = await client(NODE_A);
    const words = await new Promise((resolve) => {
      agent.attest({ token: 'x' }, (error) => {
        resolve(error?.message);
      });
    });
    expect(words).toMatch(/UNIMPLEMENTED: this server does not issue certificates/);
  });
});

describe('Shared agent identity', () => {
  it('With a shared identity an agent is the node it claims, one per connection, as metrics and /readyz show', async () => {
    const { server, client } = await setup(['--agent-identity', 'shared']);
    const agent = await client(NAMELESS);
    expect(await resolveIp(agent, '198.18.0.1')).toMatch(
      /ForeignNode: .*names no node, and neither does the report/,
    );
    const feed = openFeed(agent, { nodeName: 'node-a' });
    await feed.synced();
    expect(feed.pods()).toContain('a');
    expect(await resolveIp(agent, '198.18.0.1')).toBe('a');
    const second = openFeed(agent, { nodeName: 'node-b' });
    expect(await second.ended).toMatch(/ForeignNode: this connection belongs to node node-a/);
    feed.report({ nodeName: 'node-b' });
    expect(await feed.ended).toMatch(/ForeignNode/);
    expect((await server.ops('/metrics')).body).toMatch(/^rolegate_shared_identity 1$/m);
    expect((await server.ops('/readyz?verbose')).body).toContain(
      '[!]identity of agents shared: an agent can claim to be any node',
    );
  });

  it('With a shared identity a certificate that names a node still proves that node only', async () => {
    const { server, client } = await setup(['--agent-identity', 'shared']);
    const feed = openFeed(await client(NODE_A), { nodeName: 'node-b' });
    expect(await feed.ended).toMatch(/ForeignNode: the proof is of node node-a/);
    await eventually(async () => {
      expect(await server.foreignCount()).toBe(1);
    }, PATIENCE);
  });
});
