import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { startFeedProxy } from '@rolegate/testing';

/** Long enough for loopback to deliver anything that would be delivered. Milliseconds. */
const NOTICE_MS = 30;

/** An echo server behind a proxy. */
async function setup() {
  const atServer = new Set<Socket>();
  const received: string[] = [];
  const server = createServer((socket) => {
    atServer.add(socket);
    socket.on('error', () => undefined).on('close', () => atServer.delete(socket));
    socket.on('data', (chunk) => received.push(chunk.toString()));
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy = await startFeedProxy({ target: { port: (server.address() as AddressInfo).port } });
  return {
    proxy,
    atServer,
    received,
    /** A client through the proxy: what it has received, and how it ended. */
    async client() {
      const socket = connect(proxy.port, '127.0.0.1');
      const seen = { text: '', ended: '' };
      socket.on('data', (chunk) => (seen.text += chunk.toString()));
      socket.on('error', (error: Error & { code?: string }) => (seen.ended = error.code ?? error.message));
      socket.on('close', () => (seen.ended ||= 'closed'));
      await once(socket, 'connect').catch(() => undefined);
      return {
        socket,
        seen,
        closed: () => until(() => seen.ended !== ''),
        async said(text: string) {
          socket.write(text);
          await until(() => seen.text.endsWith(text));
        },
      };
    },
    async [Symbol.asyncDispose]() {
      await proxy.close();
      for (const socket of atServer) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('Feed proxy', () => {
  it('The proxy passes bytes both ways, and counts connections', async () => {
    await using s = await setup();
    const [one, two] = [await s.client(), await s.client()];
    await one.said('hello');
    await two.said('x'.repeat(200_000));
    expect([s.proxy.connections, s.proxy.accepted]).toEqual([2, 2]);
    one.socket.end();
    await one.closed();
    await until(() => s.proxy.connections === 1);
    expect(one.seen.ended).toBe('closed');
  });

  it('Bytes sent before an orderly end are delivered', async () => {
    await using s = await setup();
    const one = await s.client();
    s.proxy.delay(20);
    one.socket.end('last words');
    await one.closed();
    expect(one.seen).toEqual({ text: 'last words', ended: 'closed' });
  });

  it('The proxy delays bytes, and keeps their order if the delay is removed', async () => {
    await using s = await setup();
    const one = await s.client();
    await one.said('0');
    s.proxy.delay(NOTICE_MS);
    const start = performance.now();
    one.socket.write('1');
    await until(() => s.received.length > 0 && s.proxy.connections === 1);
    await one.said('2');
    expect(performance.now() - start).toBeGreaterThanOrEqual(2 * NOTICE_MS - 2); // there and back
    s.proxy.delay(0);
    await one.said('3');
    expect(one.seen.text).toBe('0123');
  });

  it('A paused proxy holds back all bytes, including those of new connections', async () => {
    await using s = await setup();
    const one = await s.client();
    await one.said('before');
    s.proxy.pause();
    one.socket.write(' held');
    const two = await s.client();
    two.socket.write('held too');
    await noticed();
    expect([one.seen.text, two.seen.text]).toEqual(['before', '']);
    s.proxy.resume();
    await until(() => one.seen.text === 'before held' && two.seen.text === 'held too');
  });

  it('A cut resets the connections of both sides, and new ones are accepted', async () => {
    await using s = await setup();
    const one = await s.client();
    await one.said('hello');
    s.proxy.cut();
    await one.closed();
    expect(one.seen.ended).toBe('ECONNRESET');
    await until(() => s.atServer.size === 0 && s.proxy.connections === 0);
    await (await s.client()).said('again');
  });

  it('A refusing proxy refuses only new connections, until it accepts them again', async () => {
    await using s = await setup();
    const one = await s.client();
    await one.said('hello');
    s.proxy.refuse();
    const refused = await s.client();
    await refused.closed();
    expect(s.atServer.size).toBe(1);
    await one.said('still here');
    s.proxy.accept();
    await (await s.client()).said('welcome');
    expect(s.proxy.accepted).toBe(3);
  });

  it('A black hole swallows all bytes without ending a connection', async () => {
    await using s = await setup();
    const one = await s.client();
    await one.said('hello');
    s.proxy.blackhole();
    one.socket.write('lost');
    await noticed();
    expect({ ...one.seen, received: s.received }).toEqual({ text: 'hello', ended: '', received: ['hello'] });
    s.proxy.accept();
    one.socket.write('still lost: the stream has a hole');
    await (await s.client()).said('new ones pass');
    expect(s.received).toEqual(['hello', 'new ones pass']);
  });

  it('A client is reset if nothing listens behind the proxy', async () => {
    const unused = createServer().listen(0, '127.0.0.1');
    await once(unused, 'listening');
    const { port } = unused.address() as AddressInfo;
    await new Promise((resolve) => unused.close(resolve));
    const proxy = await startFeedProxy({ target: { port } });
    const socket = connect(proxy.port, '127.0.0.1').on('error', () => undefined);
    await new Promise((resolve) => socket.on('close', resolve));
    await proxy.close();
    expect(proxy.connections).toBe(0);
  });
});

async function until(fits: () => boolean): Promise<void> {
  while (!fits()) await new Promise((resolve) => setImmediate(resolve));
}

function noticed(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, NOTICE_MS));
}
