import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { startChild } from '../../processes/start-child.ts';
import type { AttackerCalls, AttackOrder } from '../clients/orders.ts';

/** The attacker's process against a server on loopback, for a time that is long enough for some connections. */
async function attacked(onSocket: (socket: Socket) => void, plan: Omit<AttackOrder, 'targets' | 'forMs'>) {
  await using stack = new AsyncDisposableStack();
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    onSocket(socket);
  }).listen(0, '127.0.0.1');
  stack.defer(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const script = new URL('../clients/attacker.ts', import.meta.url);
  const attacker = stack.use(await startChild<AttackerCalls>(script));
  const targets = [{ host: '127.0.0.1', port }];
  return { seen: await attacker.call.attack({ ...plan, targets, forMs: 500 }), sockets };
}

describe('the attacker', () => {
  it('keeps so many connections open and writes without end as long as it is read', async () => {
    const { seen } = await attacked((socket) => socket.resume(), {
      connections: 2,
      writing: { then: { text: 'x', when: 'taken' } },
      reading: 'all',
    });
    expect(seen).toMatchObject({ opened: 2, closed: 0, openAtEnd: 2 });
    expect(seen.sentBytes).toBeGreaterThan(10 * 65_536);
  });

  it('opens again what is closed on it', async () => {
    const { seen } = await attacked((socket) => socket.destroy(), {
      connections: 2,
      writing: {},
      reading: 'all',
    });
    expect(seen.closed).toBeGreaterThan(2);
    expect(seen.opened).toBeGreaterThanOrEqual(seen.closed);
  });

  it('reads nothing if it is told to read never', async () => {
    const { seen, sockets } = await attacked((socket) => socket.write(Buffer.alloc(32 * 2 ** 20)), {
      connections: 1,
      writing: {},
      reading: 'never',
    });
    expect(seen.readBytes).toBe(0);
    expect(sockets[0]?.bytesRead).toBe(0);
  });

  it('writes the next request with each answer', async () => {
    const { seen } = await attacked((socket) => socket.pipe(socket), {
      connections: 1,
      writing: { then: { text: 'GET', when: 'answered' } },
      reading: 'all',
    });
    expect(seen.sentBytes).toBeGreaterThan(100);
    expect(seen.readBytes).toBeGreaterThan(100);
  });

  it('writes its text byte by byte, from the first', async () => {
    const received: string[] = [];
    await attacked((socket) => socket.on('data', (chunk) => received.push(chunk.toString('latin1'))), {
      connections: 1,
      writing: { then: { text: 'abc', when: { byteEveryMs: 20 } } },
      reading: 'all',
    });
    expect(received.join('')).toMatch(/^abcabc/);
  });

  it('resets each connection at once and opens the next', async () => {
    const codes = new Set<string>();
    const { seen } = await attacked(
      (socket) => socket.on('error', (error: NodeJS.ErrnoException) => codes.add(error.code ?? '')),
      { connections: 4, writing: { first: 'x' }, reading: 'never', reset: true },
    );
    expect(seen.opened).toBeGreaterThan(4);
    expect([...codes]).toContain('ECONNRESET');
  });
});
