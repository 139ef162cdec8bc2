import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { createTestCa, freePort } from '@rolegate/testing';
import { NODE, refusal } from './attesting-server.ts';
import { createIdentities } from './identity-setup.ts';

const HALF_LIFE_MS = 31 * 60_000;
const busy = () => Promise.reject(refusal(status.RESOURCE_EXHAUSTED, 'TooManyRequests: too many'));
const foreign = () => Promise.reject(refusal(status.PERMISSION_DENIED, 'ForeignNode: no Pod is known by it'));

const closing: (() => unknown)[] = [];
const { startServer, setup } = createIdentities(closing);
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A server of this version: two ports with one authority, one of which requires a certificate. */
async function startBoth() {
  const attestation = await startServer();
  const feed = await startServer({ ca: attestation.ca, clientCertificate: 'required' });
  const agent = await setup({
    ports: [feed.port],
    attestPorts: [attestation.port],
    ca: attestation.ca.pem,
  });
  return { attestation, feed, ...agent };
}

/** Accepts connections and handles them with `accepted`. */
async function listenRaw(accepted: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    accepted(socket);
  });
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
}

const messages = ({ log }: Awaited<ReturnType<typeof setup>>) => log.lines.map(([, message]) => message);

describe('First certificate', () => {
  it('The first certificate comes from the attestation port, and the feed port is not asked', async () => {
    const it = await startBoth();
    await it.has('issued');
    expect([it.attestation.shown, it.feed.asked]).toEqual([[undefined], []]);
    expect(it.log.lines).toEqual([
      ['info', 'certificate issued', expect.objectContaining({ server: `127.0.0.1:${it.attestation.port}` })],
    ]);
  });

  it('The first certificate comes from the feed port if nothing listens at the attestation port, as at a 0.1 server', async () => {
    const feed = await startServer();
    const it = await setup({ ports: [feed.port], attestPorts: [await freePort()], ca: feed.ca.pem });
    await it.has('issued');
    expect(it.outcomes).toEqual(['issued']);
    expect(it.log.lines).toEqual([
      [
        'info',
        'attestation port unreachable; used the feed port',
        {
          server: `127.0.0.1:${feed.port}`,
          error: expect.stringMatching(/^nothing is listening on the address \(.*ECONNREFUSED/),
          hint: 'Expected with servers of version 0.1, which have no attestation port. Otherwise let the nodes reach the port of --attest-address, by default 9611.',
        },
      ],
      ['info', 'certificate issued', expect.objectContaining({ server: `127.0.0.1:${feed.port}` })],
    ]);
  });

  it('The first certificate comes from the feed port if the attestation port accepts connections but never answers', async () => {
    const feed = await startServer();
    const silent = await listenRaw(() => undefined);
    const it = await setup({
      ports: [feed.port],
      attestPorts: [silent],
      ca: feed.ca.pem,
      connectWithinMs: 500,
    });
    await it.has('issued');
    expect(it.errors().at(-1)).toBe('no answer within 0.5 s');
  });

  it.each([
    { what: 'is busy', answer: busy, kind: 'unavailable' },
    { what: 'refuses', answer: foreign, kind: 'refused' },
    {
      what: 'cannot ask the API server',
      answer: () => Promise.reject(refusal(status.UNAVAILABLE, 'ServerUnavailable: the API server is away')),
      kind: 'unavailable',
    },
  ])(
    'The agent does not fall back to the feed port if the attestation port $what',
    async ({ answer, kind }) => {
      const [attestation, ca] = [await startServer(), await createTestCa()];
      const feed = await startServer({ ca });
      attestation.answer(answer);
      const it = await setup({
        ports: [feed.port],
        attestPorts: [attestation.port],
        ca: attestation.ca.pem + ca.pem,
      });
      await it.until(() => it.outcomes.length >= 3);
      expect(new Set(it.outcomes)).toEqual(new Set([kind]));
      expect([attestation.asked.length, feed.asked.length]).toEqual([it.outcomes.length, 0]);
    },
  );

  it('The agent does not fall back to the feed port if the attestation port resets connections, as a full one does', async () => {
    const feed = await startServer();
    const full = await listenRaw((socket) => socket.resetAndDestroy());
    const it = await setup({ ports: [feed.port], attestPorts: [full], ca: feed.ca.pem });
    await it.until(() => it.outcomes.length >= 2);
    expect([new Set(it.outcomes), feed.asked]).toEqual([new Set(['unavailable']), []]);
  });

  it('The first certificate comes from the next server if both ports of one are closed', async () => {
    const server = await startServer();
    const [gone, goneToo] = [await freePort(), await freePort()];
    const it = await setup({ ports: [goneToo], attestPorts: [gone, server.port], ca: server.ca.pem });
    await it.has('issued');
    expect(it.outcomes).toEqual(['issued']);
  });

  it('The agent logs one line with the errors of both ports and a hint if it reaches neither', async () => {
    const [attest, feed] = [await freePort(), await freePort()];
    const it = await setup({ ports: [feed], attestPorts: [attest], ca: (await createTestCa()).pem });
    await it.until(() => it.outcomes.length >= 3);
    expect(it.log.lines).toEqual([
      [
        'warn',
        'certificate request failed',
        expect.objectContaining({
          error: expect.stringMatching(
            /^127\.0\.0\.1:\d+: nothing is listening on the address .*; 127\.0\.0\.1:\d+: nothing is listening on the address/,
          ),
          hint: expect.stringContaining('Check that servers run and that the nodes reach their ports'),
        }),
      ],
    ]);
  });

  it('The agent logs a hint about the attestation port if it reaches only the feed port', async () => {
    const feed = await startServer({ clientCertificate: 'required' });
    const it = await setup({ ports: [feed.port], attestPorts: [await freePort()], ca: feed.ca.pem });
    await it.until(() => it.outcomes.length >= 2);
    const [line] = it.log.lines;
    expect(line?.[2]).toMatchObject({
      error: expect.stringContaining(
        `127.0.0.1:${feed.port}: the port accepts only agents that already have a certificate`,
      ),
      hint: expect.stringContaining('Let the nodes reach the attestation port of the servers'),
    });
    expect(feed.asked).toEqual([]);
  });
});

describe('Renewal', () => {
  it('A renewal uses the feed port and the certificate that is still valid', async () => {
    const it = await startBoth();
    await it.has('issued');
    const before = it.fingerprint();
    await it.clock.advance(HALF_LIFE_MS);
    await it.until(() => it.fingerprint() !== before);
    expect([it.attestation.asked.length, it.feed.shown]).toEqual([1, [NODE]]);
    expect(messages(it)).toEqual(['certificate issued', 'certificate issued']);
  });

  it('A refused renewal is repeated at the attestation port with only the ServiceAccount token', async () => {
    const it = await startBoth();
    await it.has('issued');
    const before = it.fingerprint();
    it.feed.answer(foreign);
    await it.clock.advance(HALF_LIFE_MS);
    await it.until(() => it.fingerprint() !== before);
    expect([it.attestation.shown, it.feed.shown]).toEqual([[undefined, undefined], [NODE]]);
    expect(messages(it)).toEqual([
      'certificate issued',
      'renewal failed; certificate issued by attestation',
      'certificate issued',
    ]);
  });

  it('A renewal uses the attestation port if the feed port no longer trusts the certificate', async () => {
    const it = await startBoth();
    await it.has('issued');
    const before = it.fingerprint();
    await it.feed.move({ ca: it.attestation.ca, trusted: (await createTestCa()).pem });
    await it.clock.advance(HALF_LIFE_MS);
    await it.until(() => it.fingerprint() !== before);
    expect([it.attestation.asked.length, it.feed.asked]).toEqual([2, []]);
  });

  it('A renewal is retried at the feed port if that is busy, and does not move to the attestation port', async () => {
    const it = await startBoth();
    await it.has('issued');
    it.feed.answer(busy);
    await it.clock.advance(HALF_LIFE_MS);
    await it.until(() => it.outcomes.length >= 3);
    expect([it.attestation.asked.length, it.feed.asked.length]).toEqual([1, it.outcomes.length - 1]);
  });

  it('An agent whose certificate has expired attests again without it', async () => {
    const it = await startBoth();
    await it.has('issued');
    it.feed.answer(busy);
    await it.clock.advance(2 * HALF_LIFE_MS);
    await it.until(() => it.attestation.asked.length > 1);
    // On a busy machine a port may have been asked twice.
    expect(new Set(it.attestation.shown)).toEqual(new Set([undefined]));
  });
});
