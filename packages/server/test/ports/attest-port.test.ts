import { afterEach, describe, expect, it } from 'vitest';
import { createClientCredentials, createRolegateClient, createServerCredentials } from '@rolegate/protocol';
import type { RolegateClient } from '@rolegate/protocol';
import { createFakeClock, createTestCa, eventually } from '@rolegate/testing';
import { createAttestPort } from '../../src/ports/agent-ports.ts';
import { ATTEST_PORT } from '../../src/ports/http2-limits.ts';
import {
  bareSession,
  bareTls,
  halfOpenTls,
  openOf,
  silentTcp,
  smallFrames,
  unfinishedCall,
} from './attackers.ts';

const ATTEST = '/rolegate.v1.Rolegate/Attest';
const MIB = 1024 * 1024;
/** Milliseconds. */
const PATIENCE = { withinMs: 20_000, everyMs: 10 };

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** An attestation port that returns the token as the certificate, with a handshake timeout for tests. */
async function setup({ handshakeWithinMs = 60_000 } = {}) {
  const ca = await createTestCa();
  const own = await ca.issue({ dns: ['rolegate-server'], usages: ['server'] });
  const material = { ca: Buffer.from(ca.pem), cert: Buffer.from(own.cert), key: Buffer.from(own.key) };
  const clock = createFakeClock();
  const hits: string[] = [];
  const refused: string[] = [];
  const port = createAttestPort({
    credentials: createServerCredentials(
      { current: () => material as never, onChange: () => () => undefined },
      { clientCertificate: 'none', handshakeWithinMs, http2: ATTEST_PORT.http2 },
    ),
    handler: () => (call, callback) => {
      callback(null, { certificateChain: call.request.token });
    },
    refused: ({ why }) => refused.push(why),
    hit: (limit, { address }) => hits.push(`${limit} ${address}`),
    connections: { opened: () => undefined, isAgents: () => false },
    clock,
  });
  const number = await port.listen({ host: '127.0.0.1', port: 0 });
  closing.push(() => Promise.all([port.close(0), clock.advance(1)]));
  const client = (): RolegateClient => {
    const made = createRolegateClient({
      target: `127.0.0.1:${number}`,
      credentials: createClientCredentials({ current: () => ({ ca: Buffer.from(ca.pem) }) }),
      serverName: 'rolegate-server',
    });
    closing.push(() => {
      made.close();
    });
    return made;
  };
  return {
    clock,
    hits,
    refused,
    port,
    number,
    client,
    from: (localAddress: string) => ({ port: number, localAddress }),
  };
}

/** An agent's Attest call from 127.0.0.1: its result, or the error. */
function attest(client: RolegateClient): Promise<string> {
  return new Promise((resolve) => {
    client.attest({ token: 'good' }, { deadline: Date.now() + 10_000 }, (error, response) => {
      resolve(error === null ? (response?.certificateChain ?? '') : error.message);
    });
  });
}

describe('Attestation port', () => {
  it.each([
    '/rolegate.v1.Rolegate/Feed',
    '/rolegate.v1.Rolegate/Resolve',
    '/grpc.health.v1.Health/Check',
    '/grpc.health.v1.Health/Watch',
  ])('The attestation port does not serve %s', async (path) => {
    const { from } = await setup();
    const session = bareSession(from('127.0.0.2'));
    const stream = unfinishedCall(session, path, { announced: 0, sent: 0 });
    const status = await new Promise((resolve) => {
      stream.once('response', (headers) => {
        resolve(headers['grpc-status']);
      });
    });
    expect(status).toBe('12');
    session.destroy();
  });

  it('The attestation port keeps eight connections of an address that never begin TLS, and serves the others', async () => {
    const { client, from, hits } = await setup();
    const silent = await Promise.all(Array.from({ length: 30 }, () => silentTcp(from('127.0.0.2'))));
    await eventually(() => {
      expect(openOf(silent)).toBe(8);
    }, PATIENCE);
    expect(hits).toHaveLength(22);
    expect(await attest(client())).toBe('good');
    const own = await bareTls(from('127.0.0.2'));
    expect([own.authorized || own.encrypted, own.closed]).toEqual([true, false]);
    for (const socket of [...silent, own]) socket.destroy();
  });

  it('The attestation port keeps eight handshakes of an address that stop in the middle, and ends them in time', async () => {
    const { client, from, refused } = await setup({ handshakeWithinMs: 500 });
    const half = await Promise.all(Array.from({ length: 20 }, () => halfOpenTls(from('127.0.0.2'))));
    await eventually(() => {
      expect(openOf(half)).toBeLessThanOrEqual(8);
    }, PATIENCE);
    expect(await attest(client())).toBe('good');
    await eventually(() => {
      expect(openOf(half)).toBe(0);
    }, PATIENCE);
    // Evicted handshakes are not counted as refused.
    expect(refused).toEqual(Array.from({ length: 8 }, () => 'timeout'));
  });

  it('The attestation port keeps 64 unfinished handshakes of a hundred addresses, and serves a finished one', async () => {
    const { client, from } = await setup();
    const half = await Promise.all(Array.from({ length: 100 }, (_, at) => silentTcp(from(`127.0.2.${at}`))));
    await eventually(() => {
      expect(openOf(half)).toBe(64);
    }, PATIENCE);
    expect(await attest(client())).toBe('good');
    for (const socket of half) socket.destroy();
  });

  it('The attestation port closes connections of an address that opens them too fast, and serves another address', async () => {
    const { client, from, hits } = await setup();
    const many: Promise<{ closed: boolean }>[] = [];
    for (let at = 0; at < 60; at += 1) many.push(bareTls(from('127.0.0.2')));
    const sockets = await Promise.all(many);
    expect(sockets.filter(({ closed }) => !closed).length).toBeLessThanOrEqual(40);
    expect(hits.filter((hit) => hit === 'connection_rate 127.0.0.2').length).toBe(20);
    expect(await attest(client())).toBe('good');
  });

  it('The attestation port closes every connection after five seconds, idle or in the middle of a message', async () => {
    const { clock, from } = await setup();
    const idle = await bareTls(from('127.0.0.2'));
    const session = bareSession(from('127.0.0.3'));
    const stream = unfinishedCall(session, ATTEST, { announced: 1_000, sent: 10 });
    await new Promise((resolve) => session.once('remoteSettings', resolve));
    await clock.advance(4_900);
    expect([idle.closed, session.closed, stream.closed]).toEqual([false, false, false]);
    await clock.advance(100);
    await eventually(() => {
      expect([idle.closed, session.destroyed, stream.closed]).toEqual([true, true, true]);
    }, PATIENCE);
  });

  it('The attestation port keeps little of 250 unfinished messages of a megabyte on each of three connections', async () => {
    const { client, from, clock } = await setup();
    const before = process.memoryUsage().arrayBuffers;
    const sessions = [1, 2, 3].map((at) => bareSession(from(`127.0.3.${at}`)));
    const statuses: unknown[] = [];
    for (const session of sessions)
      for (let calls = 0; calls < 250; calls += 1)
        unfinishedCall(session, ATTEST, { announced: MIB, sent: 1_000 }).on('response', (headers) => {
          statuses.push(headers['grpc-status']);
        });
    // Two at once are read, and their length is enough to refuse them.
    await eventually(() => {
      expect(statuses.filter((status) => status === '8').length).toBeGreaterThan(0);
    }, PATIENCE);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * MIB);
    expect(await attest(client())).toBe('good');
    await clock.advance(5_000);
    await eventually(() => {
      expect(sessions.map(({ destroyed }) => destroyed)).toEqual([true, true, true]);
    }, PATIENCE);
  });

  it('The attestation port closes a connection that sends anything but an attestation, however small its frames', async () => {
    const { clock, from, hits } = await setup();
    const socket = await bareTls(from('127.0.0.2'));
    socket.write(smallFrames(8_000));
    await eventually(async () => {
      await clock.advance(100);
      expect(socket.closed).toBe(true);
    }, PATIENCE);
    expect(hits).toEqual(['connection_bytes 127.0.0.2']);
  });

  it('The attestation port closes a connection that does not speak HTTP/2 inside TLS within five seconds', async () => {
    const { from } = await setup();
    const socket = await bareTls(from('127.0.0.2'), { ALPNProtocols: [] });
    // Node's own timeout is 10 s.
    await eventually(
      () => {
        expect(socket.closed).toBe(true);
      },
      { withinMs: 5_000, everyMs: 10 },
    );
  });

  it('The attestation port no longer counts a completed handshake', async () => {
    const { from, hits } = await setup();
    const sockets = [];
    for (let at = 0; at < 20; at += 1) sockets.push(await bareTls(from('127.0.0.2')));
    expect([openOf(sockets), hits]).toEqual([20, []]);
    for (const socket of sockets) socket.destroy();
  });

  it('The attestation port stops once the time for calls is over, even if one call is never completed', async () => {
    const { port, clock, from } = await setup();
    const session = bareSession(from('127.0.0.2'));
    unfinishedCall(session, ATTEST, { announced: 1_000, sent: 10 });
    await new Promise((resolve) => session.once('remoteSettings', resolve));
    let stopped = false;
    const stopping = port.close(2_000).then(() => (stopped = true));
    await clock.advance(1_999);
    expect([stopped, session.destroyed]).toEqual([false, false]);
    await clock.advance(1);
    await stopping;
    await eventually(() => {
      expect(session.destroyed).toBe(true);
    }, PATIENCE);
  });
});
