import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { afterEach, expect, it } from 'vitest';
import type { FeedUpdate } from '@rolegate/protocol';
import { createCniResultsDir, createTestCa } from '@rolegate/testing';
import { UPDATES } from './feed-server.ts';
import { refusal, SERVER_NAME, startAttestingServer, TOKEN } from './identity/attesting-server.ts';
import { createFolder } from './reconcile/setup.ts';
import { soon, startAgent } from './whole-agent.ts';

const IP = '127.9.0.80';
const CREDENTIALS = '/latest/meta-data/iam/security-credentials/app';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** An agent with a certificate and a feed, and the state that a crash would leave. */
async function setup() {
  const { folder, ...place } = await createFolder();
  closing.push(() => place[Symbol.asyncDispose]());
  const hello: FeedUpdate = {
    hello: { version: '1', serverName: 's', serverTimeMs: Date.now(), streamEndsInMs: 1_200_000 },
  };
  const server = await startAttestingServer({ updates: [hello, ...UPDATES.slice(1)] });
  closing.push(server.close);
  const cni = await createCniResultsDir();
  closing.push(() => cni[Symbol.asyncDispose]());
  await cni.add({ uid: 'u1', namespace: 'shop', name: 'a', ips: [IP] });
  const [caFile, tokenFile] = [join(folder, 'ca.crt'), join(folder, 'token')];
  await writeFile(caFile, server.ca.pem);
  await writeFile(tokenFile, TOKEN);
  const start = async (stateDir: string, upMs: number) => {
    const agent = await startAgent(
      [
        '--cni-cache-dir',
        cni.path,
        '--server-address',
        `127.0.0.1:${server.port}`,
        '--attest-address',
        `127.0.0.1:${server.port}`,
        '--server-name',
        SERVER_NAME,
        '--ca',
        caFile,
        '--token-file',
        tokenFile,
        '--state-dir',
        stateDir,
      ],
      { machine: { bootId: () => 'boot', monotonicMs: () => upMs } },
    );
    closing.push(() => agent[Symbol.asyncDispose]());
    const served = () =>
      soon(async () => {
        expect((await agent.ask({ path: CREDENTIALS, localAddress: IP })).status).toBe(200);
      });
    return { ...agent, served };
  };
  const first = await start(join(folder, 'first'), 5_000_000);
  await first.served();
  await first.clock.advance(200);
  await cp(join(folder, 'first'), join(folder, 'second'), { recursive: true });
  return { server, caFile, start: () => start(join(folder, 'second'), 5_060_000) };
}

it('A restarted agent uses its saved certificate for the feed while the server issues none', async () => {
  const { server, start } = await setup();
  server.answer(() => Promise.reject(refusal(status.UNAVAILABLE, 'ServerUnavailable: no API server')));
  const second = await start();
  await second.served();
  await soon(() => {
    expect(server.feeds.map(({ node }) => node)).toEqual(['node-1', 'node-1']);
  });
  expect(server.asked).toHaveLength(1);
  const verbose = (await second.ops('/readyz?verbose')).body.split('\n');
  expect(verbose).toContain('[+]certificate ok');
});

it('A restarted agent serves its Pods and is ready while everything is unavailable', async () => {
  const { server, start } = await setup();
  server.close();
  const second = await start();
  await second.served();
  await soon(async () => {
    expect((await second.ops('/readyz')).status).toBe(200);
  });
});

it('A restarted agent does not use its saved certificate if the authority was replaced in between', async () => {
  const { server, caFile, start } = await setup();
  await writeFile(caFile, (await createTestCa()).pem);
  const second = await start();
  await soon(() => {
    expect(second.lines('saved certificate ignored')).toHaveLength(1);
  });
  expect(server.feeds).toHaveLength(1);
});
