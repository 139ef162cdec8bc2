import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { systemClock } from '@rolegate/runtime';
import { createCniResultsDir } from '@rolegate/testing';
import { startFeedServer } from './feed-server.ts';
import { createFolder } from './reconcile/setup.ts';
import { soon, startAgentOn } from './whole-agent.ts';

const IP = '127.9.0.81';
const CREDENTIALS = '/latest/meta-data/iam/security-credentials/app';
const UPGRADES = 12;

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A server with one Pod, and successive agents of its node on the same ports. */
async function setup() {
  const { folder, ...place } = await createFolder();
  closing.push(() => place[Symbol.asyncDispose]());
  const server = await startFeedServer(folder);
  closing.push(server.close);
  const cni = await createCniResultsDir();
  closing.push(() => cni[Symbol.asyncDispose]());
  await cni.add({ uid: 'u1', namespace: 'shop', name: 'a', ips: [IP] });
  let started = 0;
  const start = async (ports: { port?: number; opsPort?: number } = {}) => {
    started += 1;
    const socket = join(folder, `status-${started}.sock`);
    const argv = ['--cni-cache-dir', cni.path, '--status-socket', socket, ...server.argv];
    const agent = await startAgentOn(systemClock, argv, ports);
    closing.push(() => agent[Symbol.asyncDispose]());
    const get = (path: string) =>
      new Promise<{ status: number; body: string }>((resolve, reject) => {
        const call = request({ socketPath: socket, path, agent: false }, (response) => {
          let body = '';
          response.on('data', (chunk: Buffer) => (body += chunk.toString()));
          response.on('end', () => {
            resolve({ status: response.statusCode ?? 0, body });
          });
        });
        call.on('error', reject);
        call.end();
      });
    /** Asks over the status socket, like the startup probe. */
    const asked = async () => ({
      readyz: (await get('/readyz')).status,
      status: (await get('/status')).body,
    });
    return { ...agent, asked };
  };
  return { server, start };
}

/** A process that does not share the ports. The kernel refuses it like one of another user. */
async function listenAlone() {
  const servers = await Promise.all(
    [0, 0].map(async (port) => {
      const server = createServer((socket) => socket.destroy());
      server.listen({ host: '127.0.0.1', port });
      await once(server, 'listening');
      return server;
    }),
  );
  const [port = 0, opsPort = 0] = servers.map((server) => (server.address() as AddressInfo).port);
  const leave = async () => {
    for (const server of servers) {
      const closed = once(server, 'close');
      server.close();
      await closed;
    }
  };
  closing.push(() => {
    for (const server of servers) server.close();
  });
  return { ports: { port, opsPort }, leave };
}

function isListening(agent: { lines: (message: string) => readonly unknown[] }): Promise<void> {
  return soon(() => {
    expect(agent.lines('agent listening')).toHaveLength(1);
  });
}

/** Sends requests every few milliseconds until `stop`; returns each status but 200, and each error. */
function askAll(port: number, keepAlive: boolean) {
  const agent = new Agent({ keepAlive, maxSockets: 1 });
  const faults: unknown[] = [];
  const asked = { count: 0 };
  const stop = new AbortController();
  const one = () =>
    new Promise<void>((resolve) => {
      const call = request(
        { host: '127.0.0.1', port, path: CREDENTIALS, localAddress: IP, agent },
        (response) => {
          if (response.statusCode !== 200) faults.push(response.statusCode);
          response.resume().on('end', resolve);
        },
      );
      call.on('error', (error) => {
        faults.push(error.message);
        resolve();
      });
      call.end();
    });
  const asking = (async () => {
    while (!stop.signal.aborted) {
      await one();
      asked.count += 1;
      await setTimeout(2);
    }
    agent.destroy();
  })();
  return {
    faults,
    asked,
    async stop() {
      stop.abort();
      await asking;
    },
  };
}

it('R7: Upgrades of an agent by surge fail no request, on new connections and on kept ones', async () => {
  const { start } = await setup();
  let former = await start();
  const { port } = former.address;
  const { opsPort } = former;
  await soon(async () => {
    expect((await former.ask({ path: CREDENTIALS, localAddress: IP })).status).toBe(200);
  });
  const clients = [askAll(port, false), askAll(port, true), askAll(port, false)];
  for (let upgrade = 0; upgrade < UPGRADES; upgrade += 1) {
    const next = await start({ port, opsPort });
    await isListening(next);
    await former.stop();
    former = next;
  }
  for (const client of clients) await client.stop();
  expect(clients.map(({ faults }) => faults)).toEqual([[], [], []]);
  for (const { asked } of clients) expect(asked.count).toBeGreaterThan(UPGRADES * 10);
});

it('R7: Two agents of a node are fed at the same time, and both answer correctly', async () => {
  const { server, start } = await setup();
  const first = await start();
  await isListening(first);
  const second = await start({ port: first.address.port, opsPort: first.opsPort });
  await isListening(second);
  const answers = new Set<number>();
  const askOften = async () => {
    answers.clear();
    for (let left = 50; left > 0; left -= 1)
      answers.add((await first.ask({ path: CREDENTIALS, localAddress: IP })).status);
  };
  await soon(async () => {
    await askOften();
    expect([...answers]).toEqual([200]);
  });
  server.say({
    pod: {
      uid: 'u1',
      namespace: 'shop',
      name: 'a',
      serviceAccount: 'default',
      ips: [],
      resourceVersions: { pod: '2', namespace: '2', serviceAccount: '2' },
      deny: { reason: 'NamespaceDenied', message: '', roleName: 'app' },
    },
  });
  await soon(async () => {
    await askOften();
    expect([...answers]).toEqual([403]);
  });
  for (const agent of [first, second]) expect(agent.lines('request refused').length).toBeGreaterThan(0);
});

it('A request that is held when the agent stops is answered by what the feed says then', async () => {
  const { server, start } = await setup();
  const agent = await start();
  await isListening(agent);
  await soon(async () => {
    expect((await agent.ask({ path: CREDENTIALS, localAddress: IP })).status).toBe(200);
  });
  const pending = { uid: 'u1', namespace: 'shop', name: 'a', serviceAccount: 'default', ips: [] };
  server.say({
    pod: {
      ...pending,
      resourceVersions: { pod: '2', namespace: '2', serviceAccount: '2' },
      pending: { waitsFor: 'a test', withdraws: true },
    },
  });
  await soon(async () => {
    expect((await agent.metrics(/^rolegate_sessions{state="held"} 0/)).length).toBe(1);
  });
  const held = agent.ask({ path: CREDENTIALS, localAddress: IP });
  const stopped = (async () => {
    await setTimeout(20);
    await agent.stop();
  })();
  await soon(async () => {
    expect((await agent.ops('/readyz')).status).toBe(503);
  });
  expect((await agent.ops('/readyz?verbose')).body).toContain('[-]metadata the agent is stopping');
  server.say({
    pod: {
      ...pending,
      resourceVersions: { pod: '3', namespace: '3', serviceAccount: '3' },
      deny: { reason: 'NamespaceDenied', message: '' },
    },
  });
  expect((await held).status).toBe(403);
  await stopped;
});

it('A single agent listens before it knows any Pod', async () => {
  const { server, start } = await setup();
  server.close();
  const agent = await start();
  await isListening(agent);
  expect((await agent.ops('/readyz?verbose')).body.split('\n')).toEqual(
    expect.arrayContaining(['[+]metadata ok', expect.stringMatching(/^\[-\]table /)]),
  );
});

it('An agent that knows no Pods leaves a shared port to the running agent, and joins once that agent stops', async () => {
  const { server, start } = await setup();
  const first = await start();
  await soon(async () => {
    expect((await first.ask({ path: CREDENTIALS, localAddress: IP })).status).toBe(200);
  });
  server.close();
  const second = await start({ port: first.address.port, opsPort: first.opsPort });
  await soon(() => {
    expect(second.lines('waiting for the Pod table before sharing the port')).toHaveLength(1);
  });
  for (let left = 30; left > 0; left -= 1)
    expect((await first.ask({ path: CREDENTIALS, localAddress: IP })).status).toBe(200);
  await first.stop();
  await isListening(second);
});

it('An agent whose ports another user’s process holds counts as started, and acquires them once they are free', async () => {
  const { start } = await setup();
  const former = await listenAlone();
  const agent = await start(former.ports);
  await soon(() => {
    expect(agent.lines('port in use; waiting for it')).toHaveLength(2);
  });
  await soon(async () => {
    const { readyz, status } = await agent.asked();
    expect([readyz, status]).toEqual([
      200,
      expect.stringMatching(/^ports +127\.0\.0\.1:\d+ is IN USE by another user/m),
    ]);
  });
  expect(agent.lines('agent listening')).toEqual([]);
  await former.leave();
  await isListening(agent);
  await soon(async () => {
    expect((await agent.ask({ path: CREDENTIALS, localAddress: IP })).status).toBe(200);
    expect((await agent.ops('/readyz')).status).toBe(200);
  });
  expect(agent.lines('port acquired')).toHaveLength(2);
});
