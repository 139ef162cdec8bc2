import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClientTls } from '@rolegate/protocol';
import { eventually } from '@rolegate/testing';
import {
  attest,
  attested,
  newRequest,
  openFeed,
  PATIENCE,
  resolveIp,
  startAttestedServer,
  tokenOf,
} from '../identity/attested-server.ts';
import type { AttestedServer } from '../identity/attested-server.ts';
import { framed, http2Calls } from '../identity/http2-calls.ts';
import { bareTls, openOf, silentTcp } from './attackers.ts';

const MIB = 1024 * 1024;

describe('Feed port', () => {
  const opened = new AsyncDisposableStack();
  let server: AttestedServer;
  let thief: Required<ClientTls>;
  let agent: Required<ClientTls>;
  beforeAll(async () => {
    server = opened.use(await startAttestedServer());
    server.start();
    await server.ready();
    thief = await attested(server, tokenOf(server.api, 'node-a'));
    agent = await attested(server, tokenOf(server.api, 'node-b'));
  }, 60_000);
  afterAll(() => opened.disposeAsync());

  const stolen = (at: number) => ({ port: server.port, localAddress: `127.0.4.${at}` });

  it('The feed port keeps eight connections of a stolen node, and the feed of another node', async () => {
    const feed = openFeed(server.client(agent), { nodeName: 'node-b' });
    await feed.synced();
    const sockets = await Promise.all(Array.from({ length: 30 }, (_, at) => bareTls(stolen(at), thief)));
    await eventually(() => {
      expect(openOf(sockets)).toBe(8);
    }, PATIENCE);
    expect(await resolveIp(server.client(agent), '198.18.0.2')).toBe('b');
    let ended = '';
    void feed.ended.then((words) => (ended = words));
    await new Promise(setImmediate);
    expect(ended).toBe('');
    for (const socket of sockets) socket.destroy();
    feed.close();
  });

  it('A renewal on the connection of a feed, granted or refused, ends none of the streams of an agent', async () => {
    const clients = [server.client(agent), server.client(agent)];
    const feeds = clients.map((client) => openFeed(client, { nodeName: 'node-b' }));
    const ended: string[] = [];
    for (const feed of feeds) void feed.ended.then((words) => ended.push(words));
    for (const feed of feeds) await feed.synced();
    for (const client of clients) {
      const { certificateChain } = await attest(client, tokenOf(server.api, 'node-b'), await newRequest());
      expect(certificateChain).toContain('BEGIN CERTIFICATE');
      await expect(attest(client, tokenOf(server.api, 'node-a'), await newRequest())).rejects.toThrow(
        /ForeignNode/,
      );
      expect(await resolveIp(client, '198.18.0.2')).toBe('b');
    }
    expect(ended).toEqual([]);
    for (const feed of feeds) feed.close();
  });

  it('The feed port keeps little of the unfinished calls of a stolen node, and serves another node', async () => {
    const before = process.memoryUsage().arrayBuffers;
    const connections = Array.from({ length: 4 }, () => http2Calls(server.port, thief));
    for (const connection of connections)
      for (let calls = 0; calls < 250; calls += 1)
        connection.open('Resolve').write(framed(1_024, Buffer.alloc(1_000)));
    expect(await resolveIp(server.client(agent), '198.18.0.2')).toBe('b');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * MIB);
    for (const connection of connections) connection.close();
  });

  it('The feed port closes silent connections at its limits, and serves a connection from another address', async () => {
    const silent = await Promise.all(
      Array.from({ length: 30 }, () => silentTcp({ port: server.port, localAddress: '127.0.0.9' })),
    );
    await eventually(() => {
      expect(openOf(silent)).toBe(8);
    }, PATIENCE);
    expect(await resolveIp(server.client(agent), '198.18.0.2')).toBe('b');
    await eventually(async () => {
      expect((await server.ops('/metrics')).body).toMatch(
        /^rolegate_limit_hits_total\{limit="handshakes"\} [1-9]/m,
      );
    }, PATIENCE);
    for (const socket of silent) socket.destroy();
  });

  it('The feed port closes a connection of a stolen node that makes calls without end, and serves another node', async () => {
    const connection = http2Calls(server.port, thief);
    await eventually(() => {
      for (let calls = 0; calls < 50 && !connection.over(); calls += 1) {
        const call = connection.open('Resolve');
        call.write(framed(0, Buffer.alloc(0)));
        call.end();
      }
      expect(connection.over()).toBe(true);
    }, PATIENCE);
    await eventually(async () => {
      expect((await server.ops('/metrics')).body).toMatch(
        /^rolegate_limit_hits_total\{limit="node_calls"\} [1-9]/m,
      );
    }, PATIENCE);
    expect(await resolveIp(server.client(agent), '198.18.0.2')).toBe('b');
  });
});
