import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server } from '@grpc/grpc-js';
import { afterEach, expect, it } from '@jest/globals';
import { createServerCredentials, rolegateService, watchTlsFiles } from '@rolegate/protocol';
import type { AgentReportRead, FeedUpdate, RolegateHandlers } from '@rolegate/protocol';
import { silentLog } from '@rolegate/runtime';
import {
  createCniResultsDir,
  createFakeClock,
  createTestCa,
  startImds,
  eventually,
  freePort,
  writeTlsFiles,
} from '@rolegate/testing';
import { runAgent } from '../src/agent.ts';
import { parseAgentConfig } from '../src/config.ts';

/** Real time for bytes on loopback; the agent's own time stands still meanwhile. Milliseconds. */
const PATIENCE = { withinMs: 30_000, everyMs: 5 };

const IP = '127.9.0.77';
const CREDENTIALS = '/latest/meta-data/iam/security-credentials/app';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const UPDATES: readonly FeedUpdate[] = [
  { hello: { version: '1', serverName: 's', serverTimeMs: 0, streamEndsInMs: 0 } },
  { tokenKeys: { keys: [{ id: 'k1', secret: Buffer.alloc(32, 7) }] } },
  {
    session: {
      sessionId: 's1',
      credentials: {
        ...{ accessKeyId: 'ASIA1', secretAccessKey: 'secret', sessionToken: 'token' },
        ...{ accountId: '123456789012', fingerprint: 'f', remainingMs: 3_600_000, lifetimeMs: 3_600_000 },
      },
    },
  },
  {
    pod: {
      ...{ uid: 'u1', namespace: 'shop', name: 'a', serviceAccount: 'default', ips: [] },
      resourceVersions: { pod: '1', namespace: '1', serviceAccount: '1' },
      allow: {
        sessionId: 's1',
        roleArn: 'arn:aws:iam::123456789012:role/app',
        roleName: 'app',
        sessionName: 'shop.default',
      },
    },
  },
  { synced: { podsResourceVersion: '1' } },
];

/** A server that says the same to every agent, and keeps what it is told. */
async function startServer(folder: string) {
  const ca = await createTestCa();
  const clock = createFakeClock({ nowMs: Date.now() });
  const files = await writeTlsFiles(join(folder, 'server'), {
    ca: ca.pem,
    ...(await ca.issue({ dns: ['rolegate-server'] })),
  });
  const stop = new AbortController();
  const tls = watchTlsFiles({ files, purpose: 'server', clock, log: silentLog, signal: stop.signal });
  const reports: AgentReportRead[] = [];
  const server = new Server();
  const handlers: Pick<RolegateHandlers, 'Feed'> = {
    Feed(call) {
      call.once('data', () => {
        for (const update of UPDATES) call.write(update);
      });
      call.on('data', (report: AgentReportRead) => reports.push(report));
      call.on('end', () => call.end());
      call.on('error', () => undefined);
    },
  };
  server.addService(rolegateService, { ...handlers });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', createServerCredentials(tls), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  closing.push(() => {
    stop.abort();
    server.forceShutdown();
  });
  return { ca, port, reports };
}

/** A whole agent on a clock that stands still, with one Pod that its server permits. */
async function setup() {
  const folder = await mkdtemp(join(tmpdir(), 'rolegate-agent-'));
  closing.push(() => rm(folder, { recursive: true, force: true }));
  const { ca, port: serverPort, reports } = await startServer(folder);
  const names = { uris: ['spiffe://rolegate/node/node-1'] };
  const tls = await writeTlsFiles(join(folder, 'agent'), { ca: ca.pem, ...(await ca.issue(names)) });
  const cni = await createCniResultsDir();
  const imds = await startImds({});
  closing.push(
    () => cni[Symbol.asyncDispose](),
    () => imds.close(),
  );
  await cni.add({ uid: 'u1', namespace: 'shop', name: 'a', ips: [IP] });
  const [port, opsPort] = [await freePort(), await freePort()];
  const outcome = parseAgentConfig({
    argv: [
      ...['--server-address', `127.0.0.1:${serverPort}`, '--server-name', 'rolegate-server'],
      ...['--cert', tls.cert, '--key', tls.key, '--ca', tls.ca, '--node-name', 'node-1'],
      ...['--host-ip', '127.0.0.1', '--port', String(port), '--metadata-host', '127.0.0.1'],
      ...['--imds-endpoint', imds.url, '--cni-cache-dir', cni.path],
      ...['--prometheus-listen-addr', `127.0.0.1:${opsPort}`],
    ],
    env: {},
  });
  if (outcome.kind !== 'config') throw new Error(JSON.stringify(outcome));
  const clock = createFakeClock({ nowMs: Date.now() });
  const stop = new AbortController();
  const deps = { config: outcome.config, clock, log: silentLog, random: () => 0.5 };
  const running = runAgent(deps, stop.signal);
  closing.push(async () => {
    stop.abort();
    await running;
  });
  return { clock, reports, stop, running, get: (path: string) => get(port, path), opsPort };
}

function get(port: number, path: string, localAddress = IP): Promise<{ status: number; body: string }> {
  return new Promise((resolve) => {
    const call = request({ host: '127.0.0.1', port, path, localAddress, agent: false }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, body });
      });
    });
    call.on('error', (error) => {
      resolve({ status: 0, body: error.message });
    });
    call.end();
  });
}

function soon(check: () => Promise<void> | void): Promise<void> {
  return eventually(check, PATIENCE);
}

it('an agent tells the server who it is, answers its Pods, and reports within ten seconds what they asked for', async () => {
  const { clock, reports, get } = await setup();
  await soon(async () => {
    expect((await get(CREDENTIALS)).status).toBe(200);
  });
  expect(reports).toEqual([expect.objectContaining({ nodeName: 'node-1', heldSessions: [] })]);
  expect(JSON.parse((await get(CREDENTIALS)).body)).toMatchObject({ AccessKeyId: 'ASIA1' });
  expect((await get('/latest/meta-data/iam/security-credentials/other')).status).toBe(403);
  await clock.advance(10_000);
  await soon(() => {
    expect(reports[1]).toMatchObject({
      usedSessionIds: ['s1'],
      firstDeliveries: [{ podUid: 'u1', sessionId: 's1' }],
    });
  });
  const { '': good, RoleMismatch } = reports[1]?.answersByReason ?? {};
  expect([Number(good) >= 2, RoleMismatch]).toEqual([true, 1]);
});

it('an agent that stops takes no more requests', async () => {
  const { stop, running, get } = await setup();
  await soon(async () => {
    expect((await get(CREDENTIALS)).status).toBe(200);
  });
  stop.abort();
  await running;
  expect((await get(CREDENTIALS)).status).toBe(0);
});
