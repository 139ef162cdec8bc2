import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createProbeServer } from '@rolegate/runtime';
import { freePort } from '@rolegate/testing';
import { answersLivez } from '../../src/ports/answers-livez.ts';

const open: { close(): unknown }[] = [];
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of open.splice(0)) server.close();
});

/** A program that handles each connection with `serve`. */
async function start(serve: (socket: Socket) => void): Promise<{ host: string; port: number }> {
  const server = createServer((socket) => {
    sockets.push(socket.on('error', () => undefined));
    serve(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push(server);
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

describe('Livez check', () => {
  it('The /livez check is true for the probe port of an agent', async () => {
    const probes = createProbeServer({});
    const port = await probes.listen('127.0.0.1', 0);
    open.push(probes);
    expect(await answersLivez({ host: '127.0.0.1', port })).toBe(true);
  });

  it.each([
    { who: 'a program without such a page', says: 'HTTP/1.1 404 Not Found\r\n\r\nnot found\n' },
    { who: 'a program that is well in other words', says: 'HTTP/1.1 200 OK\r\n\r\n{"status":"UP"}' },
    { who: 'a program that speaks first', says: '220 mail.example ESMTP\r\n' },
    { who: 'a program that says nothing', says: '' },
  ])('The /livez check is false for $who', async ({ says }) => {
    expect(await answersLivez(await start((socket) => socket.end(says)))).toBe(false);
  });

  it('The /livez check is false for a program that sends without end, of which little is read', async () => {
    let sent = 0;
    const endless = await start((socket) => {
      const write = () => {
        while (socket.writable && socket.write('x'.repeat(65_536))) sent += 65_536;
      };
      socket.on('drain', write);
      write();
    });
    expect(await answersLivez(endless)).toBe(false);
    expect(sent).toBeLessThan(16 * 2 ** 20);
  });

  it('The /livez check is false for a program that never answers', async () => {
    expect(await answersLivez(await start(() => undefined))).toBe(false);
  });

  it('The /livez check is false if nothing listens', async () => {
    expect(await answersLivez({ host: '127.0.0.1', port: await freePort() })).toBe(false);
  });
});
