import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import type { FeedUpdate } from '@rolegate/protocol';
import { freePort } from '@rolegate/testing';
import { podToken } from './container-credentials/pod-token.ts';
import { createKey, ISSUER } from './container-credentials/service-account-token/tokens.ts';
import { startFeedServer, UPDATES } from './feed-server.ts';
import { createFolder } from './reconcile/setup.ts';
import { soon, startAgent } from './whole-agent.ts';

const MINUTE_MS = 60_000;
const UP_MS = 1_000_000_000;
const [, ...SNAPSHOT] = UPDATES;
const [POD] = UPDATES.flatMap(({ pod }) => pod ?? []);
const HOST_POD: FeedUpdate = {
  pod: { ...POD, uid: 'u2', name: 'csi', ips: ['127.0.0.1'], hostNetwork: true },
};

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** Successive agents of one node with a Pod on the host network, each `upMs` after the machine started. */
async function setup() {
  const { folder, ...place } = await createFolder();
  closing.push(() => place[Symbol.asyncDispose]());
  const key = createKey();
  const issuerKeys = { issuers: [ISSUER], keys: [{ id: key.id, publicKey: key.publicKey }] };
  const hello = { version: '1', serverName: 's', serverTimeMs: Date.now(), streamEndsInMs: 0 };
  const server = await startFeedServer(folder, {}, [{ hello }, { issuerKeys }, HOST_POD, ...SNAPSHOT]);
  closing.push(server.close);
  const port = await freePort();
  const endpoint = ['--container-credentials', '--container-credentials-bind', `127.0.0.1:${port}`];
  const start = async (upMs: number) => {
    const agent = await startAgent(['--state-dir', join(folder, 'state'), ...server.argv, ...endpoint], {
      machine: { bootId: () => 'boot-1', monotonicMs: () => upMs },
    });
    closing.push(() => agent[Symbol.asyncDispose]());
    return {
      ...agent,
      /** Asks with this token. */
      get: (authorization: string) =>
        agent.ask({ port, path: '/v1/credentials', headers: { authorization } }),
      /** As kubelet renews it now. */
      newToken: () => podToken(key, { uid: 'u2', name: 'csi', nowMs: agent.clock.now() }),
    };
  };
  return { server, start };
}

it('R1: A Pod on the host network gets its credentials by its token for 30 minutes without a server, also after its agent has restarted', async () => {
  const { server, start } = await setup();
  const first = await start(UP_MS);
  const token = first.newToken();
  await soon(async () => {
    expect((await first.get(token)).status).toBe(200);
  });
  server.close();
  await first.clock.advance(15 * MINUTE_MS);
  expect((await first.get(token)).status).toBe(200);
  expect((await first.get(first.newToken())).status).toBe(200);
  await first.stop();

  const second = await start(UP_MS + 15 * MINUTE_MS);
  // First, because a request is held for good while the clock stands still.
  await soon(async () => {
    expect(await second.metrics(/^rolegate_issuer_keys /)).toEqual(['rolegate_issuer_keys 1']);
  });
  await second.clock.advance(15 * MINUTE_MS);
  await soon(async () => {
    expect((await second.get(second.newToken())).status).toBe(200);
  });
  expect(second.lines('feed synced')).toEqual([]);
});
