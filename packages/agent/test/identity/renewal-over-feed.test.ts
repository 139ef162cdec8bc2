import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { createTestCa, eventually } from '@rolegate/testing';
import { createServerConnections } from '../../src/feed/server-connections.ts';
import type { ServerConnections } from '../../src/feed/server-connections.ts';
import { NODE, refusal, SERVER_NAME } from './attesting-server.ts';
import { createIdentities } from './identity-setup.ts';

const HALF_LIFE_MS = 31 * 60_000;
const MISSED = 'cannot renew certificate over the feed';
const PATIENCE = { withinMs: 10_000, everyMs: 5 };

const closing: (() => unknown)[] = [];
const { startServer, setup } = createIdentities(closing);
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** An agent with its first certificate, and a server with two ports. */
async function startCertified() {
  const attestation = await startServer();
  const feed = await startServer({ ca: attestation.ca, clientCertificate: 'required' });
  const made: { connections?: ServerConnections } = {};
  const agent = await setup({
    ports: [feed.port],
    attestPorts: [attestation.port],
    ca: attestation.ca.pem,
    feedConnection: () => made.connections?.ready(),
  });
  await agent.has('issued');
  const { tls, callMetadata } = agent.identity;
  const connections = createServerConnections({ tls, callMetadata, serverName: SERVER_NAME });
  made.connections = connections;
  /** A feed, which is connected if something listens at its port. */
  const open = async (port = feed.port) => {
    const opened = connections.open({ host: '127.0.0.1', port, name: '127.0.0.1' });
    closing.push(opened.close);
    opened.call.on('error', () => undefined);
    opened.call.write({ nodeName: NODE });
    if (port !== feed.port) return opened;
    await eventually(() => {
      expect(connections.ready()).toBeDefined();
    }, PATIENCE);
    return opened;
  };
  /** Half the lifetime of the first certificate has passed. */
  const renewed = async () => {
    const before = agent.fingerprint();
    await agent.clock.advance(HALF_LIFE_MS);
    await agent.until(() => agent.fingerprint() !== before);
  };
  const messages = () => agent.log.lines.map(([, message]) => message);
  return { ...agent, attestation, feed, connections, open, renewed, messages };
}

/** Accepts and counts connections, and sends nothing. */
async function startSilent() {
  const seen = { connections: 0 };
  const server = createServer((socket) => {
    seen.connections += 1;
    socket.on('error', () => undefined).resume();
    closing.push(() => socket.destroy());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  closing.push(() => server.close());
  return { seen, port: (server.address() as AddressInfo).port };
}

describe('Renewal over the feed', () => {
  it("A renewal uses the feed's connection, opens no other and leaves the feed open", async () => {
    const it = await startCertified();
    await it.open();
    await it.renewed();
    const [fed] = it.feed.feeds;
    expect([it.feed.askedBy, it.feed.shown]).toEqual([[fed?.peer], [NODE]]);
    expect([it.attestation.asked.length, fed?.ended]).toEqual([1, false]);
    expect(it.log.lines.slice(1)).toEqual([
      ['info', 'certificate issued', expect.objectContaining({ server: `127.0.0.1:${it.feed.port}` })],
    ]);
    expect(it.outcomes).toEqual(['issued', 'issued']);
  });

  it("A renewal uses the feed's connection if the certificate has expired only by the node's clock", async () => {
    const it = await startCertified();
    await it.open();
    it.feed.answer(
      it.feed.sign({
        by: it.attestation.ca,
        cert: { notAfter: new Date(it.clock.now() + 9 * HALF_LIFE_MS) },
      }),
    );
    const before = it.fingerprint();
    await it.clock.advance(3 * HALF_LIFE_MS);
    await it.until(() => it.fingerprint() !== before);
    expect([it.feed.askedBy.at(-1), it.attestation.asked.length]).toEqual([it.feed.feeds[0]?.peer, 1]);
  });

  it.each([
    {
      what: 'refuses',
      fault: refusal(status.PERMISSION_DENIED, 'ForeignNode: the certificate is not trusted'),
    },
    { what: 'has no Attest for it, as one that is too old', fault: refusal(status.UNIMPLEMENTED, 'unknown') },
    { what: 'is stopping', fault: refusal(status.UNAVAILABLE, 'ServerUnavailable: the server is stopping') },
    { what: 'fails', fault: refusal(status.INTERNAL, 'a fault') },
    { what: 'answers with what is no certificate', fault: undefined },
  ])('A renewal moves to a new connection within the same attempt if the server $what', async ({ fault }) => {
    const it = await startCertified();
    await it.open();
    const sign = it.feed.sign();
    it.feed.answer((request) => {
      it.feed.answer(sign);
      return fault === undefined
        ? Promise.resolve({ certificateChain: 'garbage', authorities: 'garbage' })
        : it.feed.asked.length === 1
          ? Promise.reject(fault)
          : sign(request);
    });
    await it.renewed();
    const [fed] = it.feed.feeds;
    const [first, second, ...more] = it.feed.askedBy;
    expect([first, more, it.attestation.asked.length]).toEqual([fed?.peer, [], 1]);
    expect(second).not.toBe(fed?.peer);
    expect(fed?.ended).toBe(false);
    expect(it.outcomes).toEqual(['issued', 'issued']);
    expect(it.messages()).toEqual(['certificate issued', MISSED, 'certificate issued']);
  });

  it('A failed renewal logs the errors of both the feed and the ports', async () => {
    const it = await startCertified();
    await it.open();
    it.feed.answer(() =>
      Promise.reject(
        refusal(
          status.UNAVAILABLE,
          `ServerUnavailable: ${it.feed.asked.length === 1 ? 'the server is stopping' : 'the API server is away'}`,
        ),
      ),
    );
    await it.clock.advance(HALF_LIFE_MS);
    await it.until(() => it.outcomes.length > 1);
    const address = `127.0.0.1:${it.feed.port}`;
    expect(it.errors()).toContain(`${address}: the API server is away; ${address}: the server is stopping`);
  });

  it('A renewal uses a new connection if the feed has ended', async () => {
    const it = await startCertified();
    const { close } = await it.open();
    close();
    await it.renewed();
    expect(it.feed.askedBy).toHaveLength(1);
    expect(it.feed.askedBy).not.toContain(it.feed.feeds[0]?.peer);
    expect(it.messages()).not.toContain(MISSED);
    expect(await it.connections.resolve('198.18.0.7', 'request-1')).toBeUndefined();
  });

  it('A renewal uses a new connection if the feed is still connecting, and does not make the feed reconnect', async () => {
    const it = await startCertified();
    const silent = await startSilent();
    await it.open(silent.port);
    await eventually(() => {
      expect(silent.seen.connections).toBe(1);
    }, PATIENCE);
    await it.renewed();
    expect([it.feed.askedBy.length, silent.seen.connections]).toEqual([1, 1]);
    expect(it.messages()).not.toContain(MISSED);
  });

  it('Renewals and lookups use the older feed while the next one is being opened', async () => {
    const it = await startCertified();
    const silent = await startSilent();
    await it.open();
    await it.open(silent.port);
    await it.renewed();
    expect(it.feed.askedBy).toEqual([it.feed.feeds[0]?.peer]);
    // Lookups use it too.
    await it.connections.resolve('198.18.0.7', 'request-1');
    expect(it.feed.requestIds).toEqual(['request-1']);
  });

  it('A renewal uses a new connection if an authority that could have verified the server was withdrawn', async () => {
    const it = await startCertified();
    await it.open();
    const next = await createTestCa();
    const before = it.fingerprint();
    await writeFile(it.caFile, next.pem);
    await it.until(() => it.fingerprint() !== before);
    expect(it.feed.askedBy).toHaveLength(1);
    expect(it.feed.askedBy).not.toContain(it.feed.feeds[0]?.peer);
  });

  it('A renewal that is cancelled because the agent stops is not repeated elsewhere', async () => {
    const it = await startCertified();
    await it.open();
    it.feed.answer(() => new Promise(() => undefined));
    await it.clock.advance(HALF_LIFE_MS);
    await it.until(() => it.feed.asked.length === 1);
    await it.end();
    expect([it.feed.asked.length, it.attestation.asked.length]).toEqual([1, 1]);
    expect(it.messages()).not.toContain(MISSED);
  });
});
