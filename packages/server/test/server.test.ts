import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, get } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createClientCredentials, createRolegateClient, watchTlsFiles } from '@rolegate/protocol';
import type { FeedUpdateRead } from '@rolegate/protocol';
import { silentLog, systemClock } from '@rolegate/runtime';
import {
  createTestCa,
  startKubernetesApi,
  startSts,
  writeTlsFiles,
  eventually,
  freePort,
} from '@rolegate/testing';
import { parseServerConfig } from '../src/config/config.ts';
import { memoryKinds } from '../src/memory/memory.ts';
import { runServer } from '../src/server.ts';

/** Milliseconds. */
const PATIENCE = { withinMs: 45_000, everyMs: 5 };

/** The server's credentials, so that the SDK does not look elsewhere. */
const OWN = {
  AWS_ACCESS_KEY_ID: 'AKIASERVER',
  AWS_SECRET_ACCESS_KEY: 'x',
  AWS_EC2_METADATA_DISABLED: 'true',
};

const before = { ...process.env };
beforeAll(() => {
  Object.assign(process.env, OWN);
});
afterAll(() => {
  process.env = before;
});

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A whole server with stand-ins for the API server and STS, which returns its own role's account. */
async function setup(argv: readonly string[] = []) {
  const folder = await mkdtemp(join(tmpdir(), 'rolegate-server-'));
  const api = await startKubernetesApi({
    namespaces: [{ metadata: { name: 'shop', annotations: { 'iam.amazonaws.com/permitted': 'app' } } }],
    pods: [
      {
        metadata: { name: 'a', namespace: 'shop', annotations: { 'iam.amazonaws.com/role': 'app' } },
        spec: { nodeName: 'node-a' },
      },
    ],
  });
  const sts = await startSts();
  closing.push(
    () => rm(folder, { recursive: true, force: true }),
    () => api.close(),
    () => sts.close(),
  );
  const ca = await createTestCa();
  const tlsOf = async (name: string, names: Parameters<typeof ca.issue>[0]) =>
    writeTlsFiles(join(folder, name), { ca: ca.pem, ...(await ca.issue(names)) });
  const tls = await tlsOf('server', { dns: ['rolegate-server'] });
  await writeFile(join(folder, 'kubeconfig'), api.kubeconfig());
  const [port, opsPort, probePort] = [await freePort(), await freePort(), await freePort()];
  const outcome = parseServerConfig({
    argv: [
      '--bind',
      `127.0.0.1:${port}`,
      '--prometheus-listen-addr',
      `127.0.0.1:${opsPort}`,
      '--probe-bind',
      `127.0.0.1:${probePort}`,
      '--cert',
      tls.cert,
      '--key',
      tls.key,
      '--ca',
      tls.ca,
      '--kubeconfig',
      join(folder, 'kubeconfig'),
      '--region',
      'eu-west-1',
      '--sts-endpoint',
      sts.url,
      ...argv,
    ],
    env: {},
  });
  if (outcome.kind !== 'config') throw new Error(JSON.stringify(outcome));
  const { config } = outcome;
  const stop = new AbortController();
  const start = () => {
    const deps = { config, clock: systemClock, log: silentLog, random: Math.random, hostname: 'server-0' };
    const running = runServer(deps, stop.signal);
    closing.push(async () => {
      stop.abort();
      await running;
    });
    return running;
  };
  const feed = async (node = 'node-a', more: Parameters<typeof ca.issue>[0] = {}) =>
    openFeed(port, await tlsOf(node, { ...more, uris: [`spiffe://rolegate/node/${node}`] }));
  return {
    api,
    sts,
    start,
    stop,
    feed,
    port,
    probePort,
    ready: async () => (await page(opsPort, '/readyz')).status,
    probe: async (path: '/livez' | '/readyz') => (await page(probePort, path)).status,
    metrics: async () => (await page(opsPort, '/metrics')).body,
  };
}

/** A feed as an agent opens it. */
function openFeed(port: number, files: { cert: string; key: string; ca: string }) {
  const stop = new AbortController();
  const tls = watchTlsFiles({
    files,
    purpose: 'client',
    clock: systemClock,
    log: silentLog,
    signal: stop.signal,
  });
  const client = createRolegateClient({
    target: `127.0.0.1:${port}`,
    credentials: createClientCredentials(tls),
    serverName: 'rolegate-server',
  });
  closing.push(() => {
    stop.abort();
    client.close();
  });
  const updates: FeedUpdateRead[] = [];
  const call = client.feed();
  call.on('data', (update: FeedUpdateRead) => updates.push(update));
  const ended = new Promise<string>((resolve) => {
    call.on('error', (error) => {
      resolve(error.message);
    });
  });
  const connected = () =>
    new Promise<void>((resolve, reject) => {
      client.waitForReady(Date.now() + PATIENCE.withinMs, (error) => {
        if (error === undefined) resolve();
        else reject(error);
      });
    });
  return { updates, ended, connected, report: () => call.write({ version: '1' }) };
}

function page(port: number, path: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve) => {
    const call = get({ host: '127.0.0.1', port, path }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, body });
      });
    });
    call.on('error', () => {
      resolve({ status: 0, body: '' });
    });
  });
}

function soon(check: () => Promise<void> | void): Promise<void> {
  return eventually(check, PATIENCE);
}

it('A server that detects its role base ARN serves the Pods that were pending', async () => {
  const { sts, start, feed, ready } = await setup();
  sts.expireServerCredentials();
  void start();
  await soon(async () => {
    expect(await ready()).toBe(200);
  });
  const { updates, report } = await feed();
  report();
  await soon(() => {
    expect(updates.find(({ pod }) => pod)?.pod?.pending?.waitsFor).toBeTruthy();
  });
  sts.renewServerCredentials();
  await soon(() => {
    expect(updates.findLast(({ pod }) => pod)?.pod?.allow?.roleArn).toBe(
      'arn:aws:iam::123456789012:role/app',
    );
    expect(updates.some(({ session }) => session?.credentials)).toBe(true);
  });
});

it('A server that has not read the cluster is not ready, and refuses agents as UNAVAILABLE', async () => {
  const { api, start, feed, ready, probe } = await setup();
  api.hang();
  void start();
  await soon(async () => {
    expect(await ready()).toBe(503);
    expect([await probe('/livez'), await probe('/readyz')]).toEqual([200, 503]);
  });
  const { ended, report } = await feed();
  report();
  expect(await ended).toMatch(/UNAVAILABLE.*has not read the cluster/);
  api.resume();
  await soon(async () => {
    expect(await ready()).toBe(200);
  });
  expect([await probe('/livez'), await probe('/readyz')]).toEqual([200, 200]);
});

it('A server that has not read the cluster limits how many handshakes begin', async () => {
  const { api, start, port, ready, metrics } = await setup();
  api.hang();
  void start();
  await soon(async () => {
    expect(await ready()).toBe(503);
  });
  const sockets = Array.from({ length: 100 }, (_, at) =>
    connect({ host: '127.0.0.1', port, localAddress: `127.0.1.${at + 1}` }).on('error', () => undefined),
  );
  closing.push(() => sockets.map((socket) => socket.destroy()));
  await soon(async () => {
    expect(await metrics()).toMatch(/limit="unsynced_handshakes"} [1-9]/);
  });
});

it('A server whose probe port is in use serves agents, and opens the port once it is free', async () => {
  const { start, ready, probe, probePort } = await setup();
  const other = createServer();
  await once(other.listen(probePort, '127.0.0.1'), 'listening');
  void start();
  await soon(async () => {
    expect(await ready()).toBe(200);
  });
  other.close();
  await soon(async () => {
    expect(await probe('/readyz')).toBe(200);
  });
});

it('A server sends an agent the Pods of the node in its certificate while the certificate is valid', async () => {
  const { start, feed, ready } = await setup();
  void start();
  await soon(async () => {
    expect(await ready()).toBe(200);
  });
  const tenMinutesMs = 600_000;
  const [own, other] = [
    await feed('node-a', { notAfter: new Date(Date.now() + tenMinutesMs) }),
    await feed('node-b'),
  ];
  for (const { updates, report } of [own, other]) {
    report();
    await soon(() => {
      expect(updates.some(({ synced }) => synced)).toBe(true);
    });
  }
  const podsOf = (updates: readonly FeedUpdateRead[]) => updates.flatMap(({ pod }) => pod?.name ?? []);
  expect([podsOf(own.updates).slice(0, 1), podsOf(other.updates)]).toEqual([['a'], []]);
  expect(own.updates[0]?.hello?.streamEndsInMs).toBeLessThanOrEqual(tenMinutesMs);
});

it("A stopping server is not ready, ends its agents' streams, and follows the cluster until they have left", async () => {
  const { start, stop, feed, ready, probe, api } = await setup(['--drain-timeout', '2s']);
  const running = start();
  await soon(async () => {
    expect(await ready()).toBe(200);
  });
  const { updates, ended, report } = await feed();
  const silent = await feed(); // the server waits for it to go
  await silent.connected();
  report();
  await soon(() => {
    expect(updates.some(({ synced }) => synced)).toBe(true);
  });
  stop.abort();
  expect(await ended).toMatch(/UNAVAILABLE.*the server is stopping/);
  expect([await ready(), await probe('/readyz'), api.watches]).toEqual([503, 503, 4]);
  await running;
  expect([await ready(), await probe('/livez')]).toEqual([0, 0]);
  await soon(() => {
    expect(api.watches).toBe(0);
  });
});

it('A server counts whatever it remembers by names that others choose', async () => {
  const { start, ready, metrics } = await setup();
  void start();
  await soon(async () => {
    expect(await ready()).toBe(200);
  });
  const counted = [...(await metrics()).matchAll(/^rolegate_remembered_names\{of="(\w+)"\}/gm)];
  // Certificates are issued only if the server uses its own authority.
  expect(counted.map(([, of]) => of).sort()).toEqual(memoryKinds.filter((kind) => kind !== 'attesting_pods'));
});
