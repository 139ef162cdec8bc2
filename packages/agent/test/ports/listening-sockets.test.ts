import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { readListeningSockets } from '../../src/ports/listening-sockets.ts';
import { readOwnListeners } from '../../src/ports/own-listeners.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function listen(host: string): Promise<Server> {
  const server = createServer();
  server.listen({ host, port: 0 });
  await once(server, 'listening');
  closing.push(() => server.close());
  return server;
}

/** A table with these rows, in the kernel's form. */
async function tableOf(...rows: readonly string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tables-'));
  closing.push(() => rm(folder, { recursive: true }));
  const path = join(folder, 'tcp');
  const heading =
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';
  await writeFile(path, [heading, ...rows].map((row) => `${row.padEnd(149)}\n`).join(''));
  return path;
}

const row = (at: number, local: string, state: string, uid: number, inode: number) =>
  `${String(at).padStart(4)}: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000 ${String(uid).padStart(5)}        0 ${inode} 1 0000000000000000 100 0 0 10 0`;

it.each(['127.0.0.1', '0.0.0.0'])(
  'A listener of this process on %s is found, and is known as its own',
  async (host) => {
    const { port } = (await listen(host)).address() as AddressInfo;
    const [found] = (await readListeningSockets()).filter((socket) => socket.port === port);
    expect(found).toMatchObject({ address: host, port, uid: process.getuid?.() });
    expect(await readOwnListeners()).toContain(found?.inode);
  },
);

it('A listener that was closed is no longer found', async () => {
  const server = await listen('127.0.0.1');
  const { port } = server.address() as AddressInfo;
  const [found] = (await readListeningSockets()).filter((socket) => socket.port === port);
  const closed = once(server, 'close');
  server.close();
  await closed;
  expect((await readListeningSockets()).filter((socket) => socket.port === port)).toEqual([]);
  expect(await readOwnListeners()).not.toContain(found?.inode);
});

it('The rows of the socket tables of both families are read, with large UIDs', async () => {
  const ipv4 = await tableOf(row(0, '0A0200C0:1FF5', '0A', 2_100_008_181, 12_345));
  const ipv6 = await tableOf(
    row(0, '000000FD000000000000000010000000:1FF5', '0A', 0, 1),
    row(1, '0000000000000000FFFF00000A0200C0:2595', '0A', 1000, 4_294_967_295),
    row(2, '00000000000000000000000000000000:2596', '0A', 1000, 3),
  );
  expect(await readListeningSockets([ipv4, ipv6])).toEqual([
    { address: '192.0.2.10', port: 8181, uid: 2_100_008_181, inode: 12_345 },
    { address: 'fd00::10', port: 8181, uid: 0, inode: 1 },
    { address: '192.0.2.10', port: 9621, uid: 1000, inode: 4_294_967_295 },
    { address: '::', port: 9622, uid: 1000, inode: 3 },
  ]);
});

it('Reading the socket table ends at the first connection, as thousands more may follow', async () => {
  const table = await tableOf(
    ...Array.from({ length: 300 }, (_, at) => row(at, '0100007F:1F90', '0A', 0, at + 1)),
    row(300, '0100007F:1F90', '01', 0, 1_001),
    row(301, '0100007F:1F91', '0A', 0, 1_002),
  );
  expect((await readListeningSockets([table])).map(({ inode }) => inode)).toEqual(
    Array.from({ length: 300 }, (_, at) => at + 1),
  );
});

it('A family that the kernel does not have has no listeners', async () => {
  expect(await readListeningSockets(['/nonexistent/tcp6'])).toEqual([]);
});
