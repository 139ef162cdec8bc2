import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { startChild } from '../../processes/start-child.ts';
import type { TcpAttackerCalls, TcpAttack } from '../clients/calls.ts';

/** Runs the attacker process against a server on loopback for half a second. */
async function attacked(onSocket: (socket: Socket) => void, plan: Omit<TcpAttack, 'targets' | 'forMs'>) {
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
  const script = new URL('../clients/tcp-attacker.ts', import.meta.url);
  const attacker = stack.use(await startChild<TcpAttackerCalls>(script));
  const targets = [{ host: '127.0.0.1', port }];
  return { observed: await attacker.call.attack({ ...plan, targets, forMs: 500 }), sockets };
}

describe('the attacker', () => {
  it('The attacker keeps the given number of connections open and writes for as long as the peer reads', async () => {
    const { observed } = await attacked((socket) => socket.resume(), {
      connections: 2,
      writing: { then: { text: 'x', when: 'taken' } },
      reading: 'all',
    });
    expect(observed).toMatchObject({ opened: 2, closed: 0, openAtEnd: 2 });
    expect(observed.sentBytes).toBeGreaterThan(10 * 65_536);
  });

  it('The attacker reopens connections that the peer closes', async () => {
    const { observed } = await attacked((socket) => socket.destroy(), {
      connections: 2,
      writing: {},
      reading: 'all',
    });
    expect(observed.closed).toBeGreaterThan(2);
    expect(observed.opened).toBeGreaterThanOrEqual(observed.closed);
  });

  it('The attacker reads nothing if reading is set to never', async () => {
    const { observed, sockets } = await attacked((socket) => socket.write(Buffer.alloc(32 * 2 ** 20)), {
      connections: 1,
      writing: {},
      reading: 'never',
    });
    expect(observed.readBytes).toBe(0);
    expect(sockets[0]?.bytesRead).toBe(0);
  });

  it('The attacker writes the next request after each answer', async () => {
    const { observed } = await attacked((socket) => socket.pipe(socket), {
      connections: 1,
      writing: { then: { text: 'GET', when: 'answered' } },
      reading: 'all',
    });
    expect(observed.sentBytes).toBeGreaterThan(100);
    expect(observed.readBytes).toBeGreaterThan(100);
  });

  it('The attacker writes its text byte by byte from the start', async () => {
    const received: string[] = [];
    await attacked((socket) => socket.on('data', (chunk) => received.push(chunk.toString('latin1'))), {
      connections: 1,
      writing: { then: { text: 'abc', when: { byteEveryMs: 20 } } },
      reading: 'all',
    });
    expect(received.join('')).toMatch(/^abcabc/);
  });

  it('The attacker resets each connection immediately and opens the next', async () => {
    const codes = new Set<string>();
    const { observed } = await attacked(
      (socket) => socket.on('error', (error: NodeJS.ErrnoException) => codes.add(error.code ?? '')),
      { connections: 4, writing: { first: 'x' }, reading: 'never', reset: true },
    );
    expect(observed.opened).toBeGreaterThan(4);
    expect([...codes]).toContain('ECONNRESET');
  });

  it('The attacker shows another token in each request and counts the answers by status', async () => {
    const shown = new Set<string>();
    const { observed } = await attacked(
      (socket) =>
        socket.on('data', (bytes) => {
          shown.add(bytes.toString());
          socket.write(`HTTP/1.1 ${shown.size % 2 === 0 ? '401 Unauthorized' : '503 Busy'}\r\n\r\n`);
        }),
      {
        connections: 1,
        writing: {
          then: { text: 'TOKEN', token: { header: { kid: '#' }, claims: { sub: 'me' } }, when: 'answered' },
        },
        reading: 'all',
        countsAnswers: true,
      },
    );
    const { '401': refused = 0, '503': failed = 0 } = observed.answers;
    expect(refused).toBeGreaterThan(5);
    expect(shown.size - refused - failed).toBeLessThanOrEqual(1);
    const headers = [...shown].map((token) => token.split('.')[0]);
    expect(new Set(headers).size).toBe(shown.size);
  });
});
