import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Metadata } from '@grpc/grpc-js';
import { afterEach, expect, it } from 'vitest';
import { createTestCa, writeTlsFiles } from '@rolegate/testing';
import { attested, openFeed, startAttestedServer, tokenOf } from './attested-server.ts';
import type { AttestedServer } from './attested-server.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A feed of node-a on its own connection, like an agent's. */
type Open = () => ReturnType<typeof openFeed>;

async function started(argv?: readonly string[]): Promise<AttestedServer> {
  const server = await startAttestedServer(argv);
  closing.push(() => server[Symbol.asyncDispose]());
  server.start();
  await server.ready();
  return server;
}

async function byAuthority(): Promise<Open> {
  const server = await started();
  const tls = await attested(server, tokenOf(server.api, 'node-a'));
  return () => openFeed(server.client(tls), { nodeName: 'node-a' });
}

/** User-provided certificates; the token, if any, is sent with the stream. */
async function byFiles(
  uris: readonly string[],
  withToken: boolean,
  argv: readonly string[] = [],
): Promise<Open> {
  const ca = await createTestCa();
  const folder = await mkdtemp(join(tmpdir(), 'rolegate-streams-'));
  closing.push(() => rm(folder, { recursive: true, force: true }));
  const served = await ca.issue({ dns: ['rolegate-server'], usages: ['server'] });
  const files = await writeTlsFiles(folder, { ca: ca.pem, ...served });
  const own = ['--cert', files.cert, '--key', files.key, '--ca', files.ca, '--namespace', 'rolegate'];
  const server = await started([...own, ...argv]);
  const { cert, key } = await ca.issue({ uris: [...uris], usages: ['client'] });
  const tls = { ca: Buffer.from(ca.pem), cert: Buffer.from(cert), key: Buffer.from(key) };
  const metadata = new Metadata();
  if (withToken) metadata.set('rolegate-token', tokenOf(server.api, 'node-a'));
  return () => openFeed(server.client(tls), { nodeName: 'node-a' }, metadata);
}

const NODE_A = ['spiffe://rolegate/node/node-a'];
const NOBODY = ['urn:nobody'];

it.each<{ by: string; most: number; start: () => Promise<Open> }>([
  { by: "a certificate of the server's authority", most: 2, start: byAuthority },
  { by: 'a token on the stream', most: 2, start: () => byFiles(NOBODY, true) },
  { by: 'a certificate that names the node', most: 4, start: () => byFiles(NODE_A, false) },
  {
    by: 'its word alone (--agent-identity shared)',
    most: 4,
    start: () => byFiles(NOBODY, false, ['--agent-identity', 'shared']),
  },
])(
  'An agent that is known by $by has $most streams, and the next one ends the oldest',
  async ({ most, start }) => {
    const open = await start();
    const ended: number[] = [];
    const feeds = [];
    for (let at = 0; at <= most; at += 1) {
      const feed = open();
      void feed.ended.then(() => ended.push(at));
      await feed.synced();
      feeds.push(feed);
    }
    expect(await feeds[0]?.ended).toMatch(/UNAVAILABLE: ServerUnavailable: newer streams replaced this one/);
    expect(ended).toEqual([0]);
  },
);
