import { afterEach, expect, it } from 'vitest';
import { createFakeClock, eventually, writeTlsFiles } from '@rolegate/testing';
import { createServerConnections } from '../../src/feed/server-connections.ts';
import { createFilesIdentity } from '../../src/identity/files-identity.ts';
import { createTestLog } from '../addresses/known-pods.ts';
import { NODE_URI, SERVER_NAME, startAttestingServer } from '../identity/attesting-server.ts';
import { createFolder } from '../reconcile/setup.ts';

const PATIENCE = { withinMs: 10_000, everyMs: 5 };

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function setup() {
  const { folder, ...place } = await createFolder();
  closing.push(() => place[Symbol.asyncDispose]());
  const server = await startAttestingServer();
  closing.push(server.close);
  const own = await server.ca.issue({ uris: [NODE_URI], usages: ['client'] });
  const { cert, key, ca } = await writeTlsFiles(folder, { ca: server.ca.pem, ...own });
  const stop = new AbortController();
  closing.push(() => {
    stop.abort();
  });
  const tls = { kind: 'files' as const, certFile: cert, keyFile: key, caFile: ca, tokenFile: undefined };
  const clock = createFakeClock({ nowMs: Date.now() });
  const identity = createFilesIdentity({ tls, clock, log: createTestLog() }, stop.signal);
  const { tls: source, callMetadata } = identity;
  const connections = createServerConnections({ tls: source, callMetadata, serverName: SERVER_NAME });
  return { server, connections };
}

it('A ServiceAccount token is reviewed by the server of the feed, and by none before there is a feed', async () => {
  const { server, connections } = await setup();
  await expect(connections.reviewToken('a.b.c')).rejects.toThrow('no server is connected');
  const feed = connections.open({ host: '127.0.0.1', port: server.port, name: SERVER_NAME });
  closing.push(feed.close);
  feed.call.on('error', () => undefined);
  feed.call.write({ nodeName: 'node-1' });
  await eventually(() => {
    expect(connections.ready()).toBeDefined();
  }, PATIENCE);
  expect(await connections.reviewToken('a.b.c')).toEqual({ podUid: 'u1', fault: '' });
  expect(server.reviews).toEqual(['a.b.c']);
});

it('A review is rejected if the server does not answer it', async () => {
  const { server, connections } = await setup();
  const feed = connections.open({ host: '127.0.0.1', port: server.port, name: SERVER_NAME });
  closing.push(feed.close);
  feed.call.on('error', () => undefined);
  feed.call.write({ nodeName: 'node-1' });
  await eventually(() => {
    expect(connections.ready()).toBeDefined();
  }, PATIENCE);
  server.close();
  await expect(connections.reviewToken('a.b.c')).rejects.toThrow();
});
