import { once } from 'node:events';
import { connect as tcpConnect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { connect as tlsConnect, createServer } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';
import { connectivityState } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { describeHandshakeError } from '@rolegate/protocol';
import type { FeedUpdateRead, RolegateClient } from '@rolegate/protocol';
import { createTestCa, startFeedProxy } from '@rolegate/testing';
import { CLIENT_CERT, SERVER_CERT, SERVER_NAME, startMtls, whoAmI } from './mtls.ts';
import type { Mtls } from './mtls.ts';

const HOUR_MS = 3_600_000;
const past = (): { notBefore: Date; notAfter: Date } => ({
  notBefore: new Date(Date.now() - 2 * HOUR_MS),
  notAfter: new Date(Date.now() - HOUR_MS),
});

describe('Mutual TLS', () => {
  it('A client of the authority is accepted, and the server learns its node', async () => {
    await using mtls = await startMtls();
    const agent = await mtls.side('client', { cert: CLIENT_CERT });
    expect(await whoAmI(mtls.client(agent))).toBe('node-1');
    expect(mtls.refused).toEqual([]);
  });

  it('A client whose certificate names no node is accepted without an identity', async () => {
    await using mtls = await startMtls();
    const agent = await mtls.side('client', { cert: { dns: ['node-1'] } });
    expect(await whoAmI(mtls.client(agent))).toBe('none');
  });

  it('A client of another authority is refused, and both sides can explain why', async () => {
    await using mtls = await startMtls();
    const stranger = await createTestCa({ name: 'another authority' });
    const agent = await mtls.side('client', { from: stranger, cert: CLIENT_CERT });
    const error = await failureOf(mtls.client(agent));
    expect(describeHandshakeError(error)).toMatch(/^the server closed the connection; it may have refused/);
    expect(mtls.refused).toContainEqual(
      expect.objectContaining({
        peer: expect.stringMatching(/^127\.0\.0\.1:\d+$/) as unknown,
        why: 'certificate',
        fault: expect.stringMatching(
          /^this server does not trust the authority of the client's certificate/,
        ) as unknown,
      }),
    );
  });

  it('A client whose certificate has expired is refused', async () => {
    await using mtls = await startMtls();
    const { cert, key } = await mtls.ca.issue({ ...CLIENT_CERT, ...past() });
    await rawHandshake(mtls, { cert, key });
    expect(mtls.refused.map(({ fault }) => fault)).toEqual([
      expect.stringMatching(/^the client's certificate has expired/),
    ]);
  });

  it('A client without a certificate is refused', async () => {
    await using mtls = await startMtls();
    await rawHandshake(mtls, {});
    expect(mtls.refused.map(({ fault }) => fault)).toEqual([
      expect.stringMatching(/^the client presented no certificate/),
    ]);
  });

  it("A client with a server's certificate is refused", async () => {
    await using mtls = await startMtls();
    await rawHandshake(mtls, await mtls.ca.issue(SERVER_CERT));
    expect(mtls.refused.map(({ fault }) => fault)).toEqual([
      expect.stringMatching(/not a client certificate/),
    ]);
  });

  it.each([
    {
      what: 'of another authority',
      from: () => createTestCa({ name: 'stranger'.repeat(100) }),
      options: {},
      says: /\(UNABLE_TO\w+\); it names "URI:spiffe:\/\/rolegate\/node\/node-1", is issued by "CN=(stranger){37}s", and valid from 20\S+Z to 20\S+Z$/,
      helps: /^If the authority is yours, add it to/,
    },
    {
      what: 'that has ended',
      from: ({ ca }: Mtls) => Promise.resolve(ca),
      options: past(),
      says: /\(CERT_HAS_EXPIRED\); it names .*"CN=test authority", and valid from 20\S+Z to 20\S+Z$/,
      helps: /^Renew/,
    },
    {
      what: 'of a server',
      from: ({ ca }: Mtls) => Promise.resolve(ca),
      options: { usages: ['server'] as const },
      says: /\(INVALID_PURPOSE\); it names .* to 20\S+Z$/,
      helps: /^Issue one with extended key usage/,
    },
  ])(
    'A refused certificate $what is described, with a hint what to do',
    async ({ from, options, says, helps }) => {
      await using mtls = await startMtls();
      const { cert, key } = await (await from(mtls)).issue({ ...CLIENT_CERT, ...options });
      await rawHandshake(mtls, { cert, key });
      expect(mtls.refused.map(({ fault }) => fault)).toEqual([expect.stringMatching(says)]);
      expect(mtls.refused[0]?.hint).toMatch(helps);
      expect(mtls.connections).toEqual([]);
    },
  );

  it('The server refuses TLS 1.2', async () => {
    await using mtls = await startMtls();
    const { cert, key } = await mtls.ca.issue(CLIENT_CERT);
    const error = await rawHandshake(mtls, { cert, key, maxVersion: 'TLSv1.2' });
    expect(error).toMatchObject({ code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION' });
    expect(mtls.refused.map(({ fault }) => fault)).toEqual([
      expect.stringMatching(/does not speak TLS 1\.3/),
    ]);
  });

  it('The server keeps serving after a stranger sends no TLS', async () => {
    await using mtls = await startMtls();
    const socket = tcpConnect(mtls.port, '127.0.0.1');
    socket.on('error', () => undefined).end('GET / HTTP/1.1\r\n\r\n');
    await once(socket, 'close');
    const agent = await mtls.side('client', { cert: CLIENT_CERT });
    expect(await whoAmI(mtls.client(agent))).toBe('node-1');
    expect(mtls.refused[0]?.fault).toMatch(/does not speak TLS/);
  });

  it.each([
    {
      what: 'a server of an authority that it does not trust',
      trusting: 'another authority',
      called: SERVER_NAME,
      says: /authority that is not in --ca/,
    },
    {
      what: 'a server of another name',
      trusting: 'the same authority',
      called: 'somebody-else',
      says: /is not for the name that was used to connect/,
    },
  ])('The client refuses $what', async ({ trusting, called, says }) => {
    await using mtls = await startMtls();
    const ca = trusting === 'the same authority' ? mtls.ca.pem : (await createTestCa()).pem;
    const agent = await mtls.side('client', { cert: CLIENT_CERT, ca });
    expect(describeHandshakeError(await failureOf(mtls.client(agent, called)))).toMatch(says);
  });
});

describe('Client', () => {
  it('A client refuses a server that speaks only TLS 1.2', async () => {
    await using mtls = await startMtls();
    const { cert, key } = await mtls.ca.issue(SERVER_CERT);
    const old = createServer({ cert, key, ca: mtls.ca.pem, maxVersion: 'TLSv1.2', ALPNProtocols: ['h2'] });
    const faults: unknown[] = [];
    old.on('tlsClientError', (error) => faults.push(error));
    old.listen(0, '127.0.0.1');
    await once(old, 'listening');
    const { port } = old.address() as AddressInfo;
    const agent = await mtls.side('client', { cert: CLIENT_CERT });
    const error = await failureOf(mtls.client(agent, SERVER_NAME, port));
    old.close();
    expect(describeHandshakeError(error)).toMatch(/^the other side does not speak TLS 1\.3/);
    expect(faults).toMatchObject([{ code: 'ERR_SSL_UNSUPPORTED_PROTOCOL' }]);
  });
});

describe('Reload', () => {
  it('An open stream survives a change of the authority, and new connections use the new certificates', async () => {
    await using mtls = await startMtls();
    const agent = await mtls.side('client', { cert: CLIENT_CERT });
    const client = mtls.client(agent);
    const stream = openFeed(client);
    expect(await stream.echo('1')).toBe('1');

    // A complete change of the authority: both are trusted, the certificates change, then the old one is removed.
    const next = await createTestCa({ name: 'next authority' });
    const both = mtls.ca.pem + next.pem;
    await mtls.server.rewrite({ from: mtls.ca, cert: SERVER_CERT, ca: both });
    await agent.rewrite({ from: mtls.ca, cert: CLIENT_CERT, ca: both });
    expect(await whoAmI(mtls.client(agent))).toBe('node-1');
    await mtls.server.rewrite({ from: next, cert: SERVER_CERT, ca: both });
    expect(await whoAmI(mtls.client(agent))).toBe('node-1');
    await agent.rewrite({ from: next, cert: CLIENT_CERT, ca: both });
    expect(await whoAmI(mtls.client(agent))).toBe('node-1');
    await mtls.server.rewrite({ from: next, cert: SERVER_CERT, ca: next.pem });
    await agent.rewrite({ from: next, cert: CLIENT_CERT, ca: next.pem });
    expect(await whoAmI(mtls.client(agent))).toBe('node-1');

    expect(await stream.echo('2')).toBe('2');
    expect([...agent.lines, ...mtls.server.lines].map(({ message }) => message)).toEqual(
      Array<string>(6).fill('certificates reloaded'),
    );
  });

  it('A client connects again with the new certificates', async () => {
    await using mtls = await startMtls();
    const next = await createTestCa({ name: 'next authority' });
    const proxy = await startFeedProxy({ target: { port: mtls.port } });
    const agent = await mtls.side('client', { cert: CLIENT_CERT });
    const client = mtls.client(agent, SERVER_NAME, proxy.port);
    expect(await whoAmI(client)).toBe('node-1');
    await mtls.server.rewrite({ from: next, cert: SERVER_CERT, ca: next.pem });
    await agent.rewrite({ from: next, cert: CLIENT_CERT, ca: next.pem });
    const closed = new Promise((resolve) => {
      client.getChannel().watchConnectivityState(connectivityState.READY, Infinity, resolve);
    });
    proxy.cut();
    await closed;
    expect(await whoAmI(client)).toBe('node-1');
    expect(proxy.accepted).toBe(2);
    await proxy.close();
  });

  it('The former authority is refused for new connections', async () => {
    await using mtls = await startMtls();
    const next = await createTestCa({ name: 'next authority' });
    const agent = await mtls.side('client', { cert: CLIENT_CERT });
    expect(await whoAmI(mtls.client(agent))).toBe('node-1');
    await mtls.server.rewrite({ from: mtls.ca, cert: SERVER_CERT, ca: next.pem });
    await expect(whoAmI(mtls.client(agent))).rejects.toMatchObject({ code: 14 });
  });

  it('Both sides keep the last good files if the new ones are invalid', async () => {
    await using mtls = await startMtls();
    const agent = await mtls.side('client', { cert: CLIENT_CERT });
    const stranger = await createTestCa();
    for (const side of [mtls.server, agent]) {
      await side.rewrite({ from: stranger, cert: past(), ca: stranger.pem });
      expect(side.lines).toEqual([
        {
          message: 'changed certificates rejected',
          error: expect.stringMatching(/expired at/) as unknown,
          hint: expect.any(String) as unknown,
        },
      ]);
    }
    expect(await whoAmI(mtls.client(agent))).toBe('node-1');
    expect(mtls.refused).toEqual([]);
  });
});

function failureOf(client: RolegateClient): Promise<unknown> {
  return whoAmI(client).then(
    () => {
      throw new Error('the call went through');
    },
    (error: unknown) => error,
  );
}

/** A TLS client that is not grpc-js. Resolves with the error when the server closes; rejects if it is admitted. */
async function rawHandshake({ ca, port }: Mtls, options: ConnectionOptions): Promise<unknown> {
  let fault: unknown;
  const socket = tlsConnect({
    host: '127.0.0.1',
    port,
    ca: ca.pem,
    servername: SERVER_NAME,
    ALPNProtocols: ['h2'],
    ...options,
  });
  socket.on('error', (error) => {
    fault = error;
  });
  // HTTP/2 servers send first. With TLS 1.3, only that tells a client that it was admitted.
  const letIn = new Promise((resolve) => socket.once('data', resolve)).then(() => {
    socket.destroy();
    throw new Error('the server let it in');
  });
  await Promise.race([letIn, new Promise((resolve) => socket.on('close', resolve))]);
  return fault;
}

function openFeed(client: RolegateClient): { echo(version: string): Promise<string | undefined> } {
  const call = client.Feed();
  call.on('error', () => undefined);
  return {
    async echo(version) {
      const answer = once(call, 'data');
      call.write({ version });
      const [update] = (await answer) as [FeedUpdateRead];
      return update.synced?.podsResourceVersion;
    },
  };
}
