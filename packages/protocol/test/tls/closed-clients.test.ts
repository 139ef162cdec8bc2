import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createClientCredentials, createRolegateClient } from '@rolegate/protocol';
import type { RolegateClient } from '@rolegate/protocol';
import { freePort } from '@rolegate/testing';
import { CLIENT_CERT, SERVER_NAME, startMtls, whoAmI } from './mtls.ts';
import type { Mtls } from './mtls.ts';

/** So that a client connects again soon. */
const BACKOFF = { 'grpc.initial_reconnect_backoff_ms': 100, 'grpc.min_reconnect_backoff_ms': 100 };
/** Several times the back-off. Milliseconds. */
const LATER_MS = 1_000;

async function clientOf(mtls: Mtls, port: number): Promise<RolegateClient> {
  const { source } = await mtls.side('client', { cert: CLIENT_CERT });
  const credentials = createClientCredentials(source);
  const target = `127.0.0.1:${port}`;
  return createRolegateClient({ target, credentials, serverName: SERVER_NAME, channel: BACKOFF });
}

async function listen(server: Server, port = 0): Promise<number> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

it('A client that was closed after a failed connection does not connect again', async () => {
  await using mtls = await startMtls();
  const port = await freePort();
  const client = await clientOf(mtls, port);
  await expect(whoAmI(client)).rejects.toThrow('UNAVAILABLE');
  client.close();
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket.on('error', () => undefined).on('close', () => open.delete(socket)));
    socket.pipe(connect(mtls.port, '127.0.0.1').on('error', () => undefined)).pipe(socket);
  });
  await listen(server, port);
  await sleep(LATER_MS);
  expect([open.size, mtls.connections]).toEqual([0, []]);
  server.close();
});

it('A client that is closed while a server does not answer its handshake disconnects', async () => {
  await using mtls = await startMtls();
  await using server = createServer((socket) => socket.on('error', () => undefined));
  const client = await clientOf(mtls, await listen(server));
  const connected = once(server, 'connection') as Promise<[Socket]>;
  await expect(whoAmI(client, 200)).rejects.toThrow('DEADLINE_EXCEEDED');
  const [accepted] = await connected;
  accepted.resume();
  client.close();
  await once(accepted, 'close');
});

it('A client that is closed does not wait until the server disconnects', async () => {
  await using mtls = await startMtls();
  let hangs = false;
  await using server = createServer({ allowHalfOpen: true }, (socket) => {
    const upstream = connect({ port: mtls.port, host: '127.0.0.1', allowHalfOpen: true });
    for (const [from, to] of [
      [socket, upstream],
      [upstream, socket],
    ] as const)
      from.on('error', () => undefined).on('data', (bytes) => hangs || to.write(bytes));
    socket.on('close', () => upstream.destroy());
  });
  const connected = once(server, 'connection') as Promise<[Socket]>;
  const client = await clientOf(mtls, await listen(server));
  expect(await whoAmI(client)).toBe('node-1');
  const [accepted] = await connected;
  hangs = true;
  client.close();
  // A client that is still there accepts these bytes, and one that has gone resets the connection.
  const bytes = setInterval(() => accepted.write('.'), 100);
  await new Promise((resolve) => accepted.once('close', resolve));
  clearInterval(bytes);
});
