import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { connect } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';
import { describe, expect, it } from '@jest/globals';
import { createClientCredentials, createRolegateClient, describeUnverified } from '@rolegate/protocol';
import { createTestCa, eventually } from '@rolegate/testing';
import { CLIENT_CERT, SERVER_CERT, SERVER_NAME, startMtls, whoAmI } from './mtls.ts';
import type { Mtls } from './mtls.ts';

const HOUR_MS = 3_600_000;
/** Milliseconds. */
const PATIENCE = { withinMs: 10_000, everyMs: 5 };

/** What the server knows of a bare TLS connection. */
async function connectionOf(mtls: Mtls, own: ConnectionOptions) {
  const before = mtls.connections.length;
  const socket = connect({
    ...{
      host: '127.0.0.1',
      port: mtls.port,
      servername: SERVER_NAME,
      ca: mtls.ca.pem,
      ALPNProtocols: ['h2'],
    },
    ...own,
  });
  socket.on('error', () => undefined);
  await once(socket, 'secureConnect');
  const port = socket.localPort ?? 0;
  await eventually(() => {
    expect(mtls.connections.length).toBe(before + 1);
  }, PATIENCE);
  const connection = mtls.connections[before];
  socket.destroy();
  if (connection === undefined) throw new Error('there is no connection');
  return { connection, port };
}

describe('a connection that does not shake hands', () => {
  it.each(['required', 'asked'] as const)(
    'is ended, and told of: a certificate is %s',
    async (clientCertificate) => {
      await using mtls = await startMtls({ clientCertificate, handshakeWithinMs: 100 });
      const silent = connectTcp(mtls.port, '127.0.0.1');
      silent.on('error', () => undefined);
      await once(silent.resume(), 'close');
      await eventually(() => {
        expect(mtls.refused.map(({ fault }) => fault)).toEqual([
          'the client did not finish its handshake in time (ERR_TLS_HANDSHAKE_TIMEOUT); see what it is that connects there',
        ]);
      }, PATIENCE);
    },
  );
});

describe('a server that asks for a certificate', () => {
  it('lets a client in that has none, as nobody', async () => {
    await using mtls = await startMtls({ clientCertificate: 'asked' });
    const client = createRolegateClient({
      target: `127.0.0.1:${mtls.port}`,
      credentials: createClientCredentials({ current: () => ({ ca: Buffer.from(mtls.ca.pem) }) }),
      serverName: SERVER_NAME,
    });
    expect(await whoAmI(client)).toBe('none');
    client.close();
    expect(mtls.connections).toMatchObject([{ unverified: undefined, verified: false }]);
    const agent = await mtls.side('client', { cert: CLIENT_CERT });
    expect(await whoAmI(mtls.client(agent))).toBe('node-1');
    expect(mtls.connections[1]).toMatchObject({ unverified: undefined, verified: true });
  });

  it('lets a client of another authority in as nobody, whatever it is called, and tells of it', async () => {
    await using mtls = await startMtls({ clientCertificate: 'asked' });
    const stranger = await createTestCa({ name: 'another authority' });
    const agent = await mtls.side('client', { from: stranger, cert: CLIENT_CERT });
    expect(await whoAmI(mtls.client(agent))).toBe('none');
    const [{ unverified } = { unverified: undefined }] = mtls.connections;
    expect(unverified && describeUnverified(unverified)).toMatch(
      /^the authority of the client's certificate is not one that this server trusts \(UNABLE_TO.*\); it names "URI:spiffe:\/\/rolegate\/node\/node-1", is issued by "CN=another authority", and good from 20\S+Z to 20\S+Z$/,
    );
  });

  it.each([
    {
      what: 'that has expired',
      options: { notBefore: new Date(Date.now() - 2 * HOUR_MS), notAfter: new Date(Date.now() - HOUR_MS) },
      says: /^the client's certificate has expired/,
    },
    {
      what: 'that is not valid yet',
      options: { notBefore: new Date(Date.now() + HOUR_MS), notAfter: new Date(Date.now() + 2 * HOUR_MS) },
      says: /^the client's certificate is not valid yet/,
    },
    { what: 'of a server', options: SERVER_CERT, says: /not for clients/ },
  ])('tells of a certificate $what', async ({ options, says }) => {
    await using mtls = await startMtls({ clientCertificate: 'asked' });
    const { cert, key } = await mtls.ca.issue({ ...CLIENT_CERT, ...options });
    const { connection, port } = await connectionOf(mtls, { cert, key });
    expect(connection.peer).toBe(`127.0.0.1:${port}`);
    expect(connection.verified).toBe(false);
    expect(connection.unverified && describeUnverified(connection.unverified)).toMatch(says);
  });

  it('can end a connection, and hears of its end', async () => {
    await using mtls = await startMtls({ clientCertificate: 'asked' });
    const socket = connect({
      ...{ host: '127.0.0.1', port: mtls.port, servername: SERVER_NAME, ca: mtls.ca.pem },
      ALPNProtocols: ['h2'],
    });
    socket.on('error', () => undefined).resume();
    await eventually(() => {
      expect(mtls.connections).toHaveLength(1);
    }, PATIENCE);
    const closed = new Promise<string>((resolve) => {
      mtls.connections[0]?.onClose(() => {
        resolve('closed');
      });
    });
    mtls.connections[0]?.end();
    expect(await closed).toBe('closed');
    if (!socket.closed) await once(socket, 'close');
  });
});
