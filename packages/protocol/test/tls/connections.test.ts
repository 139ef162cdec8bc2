import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { connect } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { createClientCredentials, createRolegateClient } from '@rolegate/protocol';
import { createTestCa, eventually } from '@rolegate/testing';
import { CLIENT_CERT, SERVER_NAME, startMtls, whoAmI } from './mtls.ts';
import type { Mtls } from './mtls.ts';

/** Milliseconds. */
const PATIENCE = { withinMs: 10_000, everyMs: 5 };

/** A plain TLS connection, and the server's view of it. */
async function connectionOf(mtls: Mtls, own: ConnectionOptions) {
  const before = mtls.connections.length;
  const socket = connect({
    host: '127.0.0.1',
    port: mtls.port,
    servername: SERVER_NAME,
    ca: mtls.ca.pem,
    ALPNProtocols: ['h2'],
    ...own,
  });
  socket.on('error', () => undefined).resume();
  await once(socket, 'secureConnect');
  await eventually(() => {
    expect(mtls.connections.length).toBe(before + 1);
  }, PATIENCE);
  const connection = mtls.connections[before];
  if (connection === undefined) throw new Error('there is no connection');
  return { connection, socket };
}

function clientWithout(mtls: Mtls) {
  return createRolegateClient({
    target: `127.0.0.1:${mtls.port}`,
    credentials: createClientCredentials({ current: () => ({ ca: Buffer.from(mtls.ca.pem) }) }),
    serverName: SERVER_NAME,
  });
}

it.each(['required', 'asked', 'none'] as const)(
  'A connection that never completes its handshake is ended and reported, with a client certificate %s',
  async (clientCertificate) => {
    await using mtls = await startMtls({ clientCertificate, handshakeWithinMs: 100 });
    const silent = connectTcp(mtls.port, '127.0.0.1');
    silent.on('error', () => undefined);
    await once(silent.resume(), 'close');
    await eventually(() => {
      expect(mtls.refused).toMatchObject([
        {
          why: 'timeout',
          fault: 'the client did not complete the handshake in time (ERR_TLS_HANDSHAKE_TIMEOUT)',
          hint: 'Find out which program connects from there.',
        },
      ]);
    }, PATIENCE);
  },
);

it.each(['asked', 'none'] as const)(
  'A client without a certificate is accepted without an identity if a certificate is %s',
  async (clientCertificate) => {
    await using mtls = await startMtls({ clientCertificate });
    const client = clientWithout(mtls);
    expect(await whoAmI(client)).toBe('none');
    client.close();
    expect(mtls.connections).toMatchObject([{ certificate: undefined, address: '127.0.0.1' }]);
  },
);

it('A client presents no certificate to a server that requests none', async () => {
  await using mtls = await startMtls({ clientCertificate: 'none' });
  const agent = await mtls.side('client', { cert: CLIENT_CERT });
  expect(await whoAmI(mtls.client(agent))).toBe('none');
});

it('A server that requests a certificate accepts a client of another authority without an identity', async () => {
  await using mtls = await startMtls({ clientCertificate: 'asked' });
  const stranger = await createTestCa({ name: 'another authority' });
  const agent = await mtls.side('client', { from: stranger, cert: CLIENT_CERT });
  expect(await whoAmI(mtls.client(agent))).toBe('none');
  expect(mtls.connections).toMatchObject([{ certificate: undefined }]);
});

describe('Connection', () => {
  it('A connection has the certificate verified by TLS, and the peer address of its calls', async () => {
    await using mtls = await startMtls();
    const { cert, key } = await mtls.ca.issue(CLIENT_CERT);
    const { connection, socket } = await connectionOf(mtls, { cert, key });
    expect(connection.certificate?.subjectAltName).toBe('URI:spiffe://rolegate/node/node-1');
    expect(connection.peer).toBe(`127.0.0.1:${socket.localPort ?? 0}`);
    expect(connection.accepted?.remotePort).toBe(socket.localPort);
    socket.destroy();
  });

  it('A connection can be ended, and reports its end', async () => {
    await using mtls = await startMtls({ clientCertificate: 'none' });
    const { connection, socket } = await connectionOf(mtls, {});
    const closed = new Promise<string>((resolve) => {
      connection.onClose(() => {
        resolve('closed');
      });
    });
    connection.end();
    expect(await closed).toBe('closed');
    if (!socket.closed) await once(socket, 'close');
  });

  it('A connection reports its own requests, one by one', async () => {
    await using mtls = await startMtls({ clientCertificate: 'none' });
    const [client, other] = [clientWithout(mtls), clientWithout(mtls)];
    await whoAmI(client);
    let requests = 0;
    mtls.connections[0]?.onRequest(() => (requests += 1));
    await whoAmI(client);
    await whoAmI(other);
    await whoAmI(client);
    expect(requests).toBe(2);
    client.close();
    other.close();
  });
});
