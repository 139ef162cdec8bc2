import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import type { FeedUpdate } from '@rolegate/protocol';
import { systemClock } from '@rolegate/runtime';
import { createCniResultsDir, freePort } from '@rolegate/testing';
import { podToken } from './container-credentials/pod-token.ts';
import { createKey, ISSUER } from './container-credentials/service-account-token/tokens.ts';
import { startFeedServer, UPDATES } from './feed-server.ts';
import { createFolder } from './reconcile/setup.ts';
import { soon, startAgentOn } from './whole-agent.ts';

const IP = '127.9.0.83';
const PATH = '/v1/credentials';
const [, ...SNAPSHOT] = UPDATES;
const [POD] = UPDATES.flatMap(({ pod }) => pod ?? []);
/** A Pod on the host network, decided by a server that knows that the node serves the endpoint. */
const HOST_POD: FeedUpdate = {
  pod: { ...POD, uid: 'u2', name: 'csi', ips: ['127.0.0.1'], hostNetwork: true },
};

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A whole agent that serves container credentials on loopback, with a key of the API server. */
async function setup({ bind = '127.0.0.1' } = {}) {
  const { folder, ...place } = await createFolder();
  closing.push(() => place[Symbol.asyncDispose]());
  const key = createKey();
  const issuerKeys = { issuers: [ISSUER], keys: [{ id: key.id, publicKey: key.publicKey }] };
  const hello = { version: '1', serverName: 's', serverTimeMs: Date.now(), streamEndsInMs: 0 };
  const server = await startFeedServer(folder, {}, [{ hello }, { issuerKeys }, HOST_POD, ...SNAPSHOT]);
  closing.push(server.close);
  const cni = await createCniResultsDir();
  closing.push(() => cni[Symbol.asyncDispose]());
  await cni.add({ uid: 'u1', namespace: 'shop', name: 'a', ips: [IP] });
  const port = await freePort();
  let started = 0;
  const start = async (ports: { port?: number; opsPort?: number } = {}) => {
    started += 1;
    const socket = join(folder, `status-${started}.sock`);
    const argv = ['--cni-cache-dir', cni.path, '--status-socket', socket, ...server.argv];
    const endpoint = ['--container-credentials', '--container-credentials-bind', `${bind}:${port}`];
    const agent = await startAgentOn(systemClock, [...argv, ...endpoint], ports);
    closing.push(() => agent[Symbol.asyncDispose]());
    return agent;
  };
  const agent = await start();
  const tokenOf = (uid: string, name: string) => podToken(key, { uid, name, nowMs: Date.now() });
  return {
    ...agent,
    agent,
    start,
    server,
    tokens: { ofPod: tokenOf('u1', 'a'), ofHostPod: tokenOf('u2', 'csi') },
    get: (authorization: string, localAddress: string) =>
      agent.ask({ port, path: PATH, localAddress, headers: { authorization } }),
  };
}

it('An agent serves credentials by ServiceAccount token, to Pods and to those on the host network, and tells the server', async () => {
  const { get, ask, tokens, server, metrics, ops, log } = await setup();
  await soon(async () => {
    expect(await get(tokens.ofPod, IP)).toMatchObject({ status: 200 });
  });
  const answer = await get(tokens.ofHostPod, '127.0.0.1');
  expect(JSON.parse(answer.body)).toMatchObject({ AccessKeyId: 'ASIA1', AccountId: '123456789012' });

  expect(await ask({ path: '/latest/meta-data/iam/security-credentials/app' })).toMatchObject({
    status: 403,
  });
  expect(await get(tokens.ofHostPod, IP)).toMatchObject({ status: 401 });
  expect(await get(tokens.ofPod, '127.0.0.1')).toMatchObject({ status: 401 });
  expect((await get('nonsense', IP)).status).toBe(401);

  // Before the agent had everything, a request may have been held for too long.
  expect(await metrics(/route="container-credentials",status="(200|4)/)).toEqual([
    'rolegate_requests_total{route="container-credentials",status="200",reason=""} 2',
    'rolegate_requests_total{route="container-credentials",status="401",reason="TokenForeign"} 2',
    'rolegate_requests_total{route="container-credentials",status="401",reason="TokenInvalid"} 1',
  ]);
  expect(await metrics(/^rolegate_(container_credentials_listening|issuer_keys) /)).toEqual([
    'rolegate_issuer_keys 1',
    'rolegate_container_credentials_listening 1',
  ]);
  expect((await ops('/readyz?verbose')).body).toContain('container credentials ok');
  await soon(() => {
    expect(server.reports.some((report) => report.servesContainerCredentials === true)).toBe(true);
  });
  const text = JSON.stringify(log.lines);
  for (const token of Object.values(tokens)) expect(text).not.toContain(token.split('.')[2]);
});

it('R7: Upgrades of an agent by surge fail no request for container credentials', async () => {
  const { agent, start, get, tokens } = await setup();
  await soon(async () => {
    expect(await get(tokens.ofPod, IP)).toMatchObject({ status: 200 });
  });
  const statuses = new Set<number>();
  const stop = new AbortController();
  const asking = (async () => {
    while (!stop.signal.aborted) {
      statuses.add((await get(tokens.ofPod, IP)).status);
      await setTimeout(2);
    }
  })();
  let former = agent;
  for (let upgrade = 0; upgrade < 4; upgrade += 1) {
    const next = await start({ port: agent.address.port, opsPort: agent.opsPort });
    await soon(() => {
      expect(next.lines('agent listening')).toHaveLength(1);
      expect(next.lines('container credentials endpoint listening')).toHaveLength(1);
    });
    await former.stop();
    former = next;
  }
  stop.abort();
  await asking;
  expect([...statuses]).toEqual([200]);
});

it('An agent whose endpoint has no address yet is ready, serves the metadata API and stops as ever', async () => {
  // A documentation address (RFC 5737), which no machine has.
  const { ask, ops, lines, metrics, server, stop } = await setup({ bind: '192.0.2.23' });
  await soon(async () => {
    expect(lines('container credentials endpoint waiting for its address')).toHaveLength(1);
    expect(
      await ask({ path: '/latest/meta-data/iam/security-credentials/app', localAddress: IP }),
    ).toMatchObject({ status: 200 });
  });
  expect((await ops('/readyz')).status).toBe(200);
  expect((await ops('/readyz?verbose')).body).toContain(
    'container credentials not listening: waiting for the address to be added to the node',
  );
  expect(await metrics(/^rolegate_container_credentials_listening/)).toEqual([
    'rolegate_container_credentials_listening 0',
  ]);
  expect(server.reports.some((report) => report.servesContainerCredentials === true)).toBe(false);
  await Promise.race([stop(), setTimeout(20_000).then(() => Promise.reject(new Error('still running')))]);
});
