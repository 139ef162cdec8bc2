import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket, TcpSocketConnectOpts } from 'node:net';
import { describe, expect, it } from 'vitest';
import { countOrphans, familyOf, readSendQueues, rowKey } from '../../../src/http/unread/kernel-queues.ts';

/** More than a socket's buffers on loopback hold, so that the kernel keeps unread data. Bytes. */
const PLENTY = 16 * 1_048_576;

/** A listener, and connections to it that do not read. */
async function listen(host: string) {
  const server = createServer();
  server.listen({ host, port: 0 });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const open: Socket[] = [];

  /** The server's end of a new connection. `from` is the client's end. */
  async function accept(address = host, from: Pick<TcpSocketConnectOpts, 'localAddress' | 'localPort'> = {}) {
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    const client = connect({ host: address, port, ...from });
    client.pause();
    const [socket] = await accepted;
    open.push(client, socket);
    for (const end of [client, socket]) end.on('error', () => undefined);
    return socket;
  }

  return {
    port,
    accept,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function endsOf({ localPort = 0, remoteAddress: address = '', remotePort: port = 0 }: Socket) {
  return { localPort, address, port };
}

/** The kernel's send queue of this connection. */
async function queueOf(socket: Socket, ports: readonly number[]): Promise<number> {
  const ends = endsOf(socket);
  const queues = await readSendQueues(familyOf(ends), new Set(ports));
  return queues.get(rowKey(ends)) ?? 0;
}

describe('Send queues', () => {
  it.each([
    { what: 'IPv4', host: '127.0.0.1', address: '127.0.0.1', family: 'ipv4', name: '127.0.0.1' },
    { what: 'IPv6', host: '::1', address: '::1', family: 'ipv6', name: '::1' },
    {
      what: 'IPv4 on an IPv6 listener',
      host: '::',
      address: '127.0.0.1',
      family: 'ipv6',
      name: '::ffff:127.0.0.1',
    },
  ])(
    "The kernel's send queue of a connection shows what its client has not read, over $what",
    async ({ host, address, family, name }) => {
      await using listener = await listen(host);
      const socket = await listener.accept(address);
      const other = await listener.accept(address);
      expect(socket.remoteAddress).toBe(name);
      expect(familyOf(endsOf(socket))).toBe(family);
      expect(await queueOf(socket, [listener.port])).toBe(0);
      socket.write(Buffer.alloc(PLENTY));
      expect(await queueOf(socket, [listener.port])).toBeGreaterThan(0);
      expect(await queueOf(other, [listener.port])).toBe(0);
    },
  );

  it('The send queues leave out the connections of other ports', async () => {
    await using listener = await listen('127.0.0.1');
    await using other = await listen('127.0.0.1');
    const socket = await listener.accept();
    socket.write(Buffer.alloc(PLENTY));
    expect(await queueOf(socket, [other.port])).toBe(0);
    expect(await readSendQueues('ipv4', new Set())).toEqual(new Map());
    expect(await queueOf(socket, [other.port, listener.port])).toBeGreaterThan(0);
  });

  it('A client that uses one of its ports for two of ours has a send queue for each', async () => {
    await using first = await listen('127.0.0.1');
    await using second = await listen('127.0.0.1');
    const from = { localAddress: '127.0.0.2', localPort: first.port };
    const unread = await first.accept('127.0.0.1', from);
    const idle = await second.accept('127.0.0.1', from);
    expect(idle.remotePort).toBe(unread.remotePort);
    unread.write(Buffer.alloc(PLENTY));
    const ports = [first.port, second.port];
    expect(await queueOf(unread, ports)).toBeGreaterThan(0);
    expect(await queueOf(idle, ports)).toBe(0);
  });

  it('The send queues are found among more connections than one chunk of the table holds', async () => {
    await using listener = await listen('127.0.0.1');
    const sockets: Socket[] = [];
    for (let count = 0; count < 200; count += 1) sockets.push(await listener.accept());
    const unread = sockets.filter((_, at) => at % 50 === 0);
    for (const socket of unread) socket.write(Buffer.alloc(PLENTY));
    const queues = await readSendQueues('ipv4', new Set([listener.port]));
    expect([...queues.keys()].sort()).toEqual(unread.map((socket) => rowKey(endsOf(socket))).sort());
  });
});

describe('Orphaned connections', () => {
  it('Closed connections that left unread data in the kernel are counted', async () => {
    await using listener = await listen('127.0.0.1');
    const socket = await listener.accept();
    socket.write(Buffer.alloc(PLENTY));
    socket.destroy();
    await once(socket, 'close');
    expect(await countOrphans()).toBeGreaterThan(0);
  });
});

describe('Row key', () => {
  it.each([
    { address: '127.0.0.1', port: 80, key: '0100007F:0050' },
    { address: '198.18.2.255', port: 65_535, key: 'FF0212C6:FFFF' },
    { address: '::1', port: 8_080, key: '00000000000000000000000001000000:1F90' },
    { address: '::', port: 1, key: '00000000000000000000000000000000:0001' },
    { address: 'fd00:ec2::254', port: 80, key: 'C20E00FD000000000000000054020000:0050' },
    { address: 'fe80::1%eth0', port: 80, key: '000080FE000000000000000001000000:0050' },
    { address: '2001:db8:1:2:3:4:5:6', port: 80, key: 'B80D0120020001000400030006000500:0050' },
    { address: '::ffff:198.18.0.1', port: 80, key: '0000000000000000FFFF0000010012C6:0050' },
  ])("The address $address and port $port have the kernel's row key $key", ({ address, port, key }) => {
    expect(rowKey({ localPort: 8_181, address, port })).toBe(`1FF5 ${key}`);
  });
});
