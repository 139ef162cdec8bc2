import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createFakeClock, eventually, writeTlsFiles } from '@rolegate/testing';
import { createServerConnections } from '../../src/feed/server-connections.ts';
import { createFilesIdentity } from '../../src/identity/files-identity.ts';
import { createTestLog } from '../addresses/known-pods.ts';
import { createFolder } from '../reconcile/setup.ts';
import { NODE_URI, SERVER_NAME, startAttestingServer } from './attesting-server.ts';

const PATIENCE = { withinMs: 10_000, everyMs: 5 };
const HOUR_MS = 3_600_000;

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function setup({ withToken = true }: { withToken?: boolean } = {}) {
  const { folder, ...place } = await createFolder();
  closing.push(() => place[Symbol.asyncDispose]());
  const server = await startAttestingServer();
  closing.push(server.close);
  const { ca } = server;
  const own = await ca.issue({ uris: [NODE_URI], usages: ['client'] });
  const files = await writeTlsFiles(folder, { ca: ca.pem, ...own });
  const tokenFile = join(folder, 'token');
  const clock = createFakeClock({ nowMs: Date.now() });
  const tls = {
    kind: 'files' as const,
    certFile: files.cert,
    keyFile: files.key,
    caFile: files.ca,
    tokenFile: withToken ? tokenFile : undefined,
  };
  const stop = new AbortController();
  closing.push(() => {
    stop.abort();
  });
  const identity = createFilesIdentity({ tls, clock, log: createTestLog() }, stop.signal);
  const connections = createServerConnections({
    tls: identity.tls,
    serverName: SERVER_NAME,
    callMetadata: identity.callMetadata,
  });
  const open = () => connections.open({ host: '127.0.0.1', port: server.port, name: SERVER_NAME });
  /** Opens a feed, and resolves an address once it is connected. */
  const call = async () => {
    const before = server.feeds.length;
    const feed = open();
    closing.push(feed.close);
    feed.call.on('error', () => undefined);
    feed.call.write({ nodeName: 'node-1' });
    await eventually(() => {
      expect(server.feeds.length).toBeGreaterThan(before);
    }, PATIENCE);
    await connections.resolve('198.18.0.7', 'request-1');
  };
  return { identity, server, clock, connections, tokenFile, open, call };
}

describe('User-provided certificate', () => {
  it('Each call carries the ServiceAccount token that the file has at that moment', async () => {
    const { call, tokenFile, server } = await setup();
    await writeFile(tokenFile, 'first.token\n');
    await call();
    await writeFile(tokenFile, 'second.token');
    await call();
    expect(server.feeds.map(({ node, token }) => [node, token])).toEqual([
      ['node-1', 'first.token'],
      ['node-1', 'second.token'],
    ]);
    expect(server.resolves).toEqual(['first.token', 'second.token']);
  });

  it('Calls carry no ServiceAccount token if no token file is set', async () => {
    const { call, server } = await setup({ withToken: false });
    await call();
    expect([server.feeds[0]?.token, server.resolves]).toEqual(['', ['']]);
  });

  it("A lookup of an address carries the ID of the Pod's request that caused it", async () => {
    const { call, server } = await setup({ withToken: false });
    await call();
    expect(server.requestIds).toEqual(['request-1']);
  });

  it('A missing ServiceAccount token fails feeds and lookups with an error that says so, and a later feed succeeds', async () => {
    const { open, connections, tokenFile, call, server } = await setup();
    expect(open).toThrow(/^--token-file .* does not exist/);
    await writeFile(tokenFile, 'token');
    await call();
    await rm(tokenFile);
    await expect(connections.resolve('198.18.0.7', 'request-2')).rejects.toThrow(/does not exist/);
    expect(server.feeds).toHaveLength(1);
  });

  it('A user-provided certificate is ready from the start, and the readiness check says when it has expired', async () => {
    const { identity, clock } = await setup();
    await identity.first;
    expect([identity.services, identity.check.ready()]).toEqual([[], true]);
    await clock.advance(30 * HOUR_MS);
    expect(identity.check.ready()).toMatch(/^--cert .* has expired: renew it$/);
  });
});
