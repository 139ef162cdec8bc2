import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { stopListening } from '@rolegate/runtime';

const open: { destroy(): unknown }[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.destroy();
});

/** A listener that counts the connections it accepts. */
async function listen(port = 0) {
  const accepted: Socket[] = [];
  const server: Server = createServer((socket) => {
    accepted.push(socket);
    open.push(socket);
    socket.on('error', () => undefined);
  });
  server.listen({ host: '127.0.0.1', port, reusePort: true });
  await once(server, 'listening');
  return { server, accepted, port: (server.address() as AddressInfo).port };
}

/** When it returns, the kernel has established the connection and nobody has accepted it. */
function dial(port: number): Promise<'open' | 'reset'> {
  const socket = connect(port, '127.0.0.1');
  open.push(socket);
  return new Promise((resolve) => {
    socket.once('data', () => {
      resolve('open');
    });
    socket.once('error', () => {
      resolve('reset');
    });
  });
}

describe('Stopping listener', () => {
  it('A stopping listener accepts every connection in its queue, and then refuses new ones', async () => {
    const { server, accepted, port } = await listen();
    const dialed = Array.from({ length: 50 }, () => dial(port));
    await stopListening(server);
    for (const socket of accepted) socket.write('x');
    expect(await Promise.all(dialed)).toEqual(dialed.map(() => 'open'));
    expect(await dial(port)).toBe('reset');
  });

  it('A closed listener keeps its connections open', async () => {
    const { server, accepted, port } = await listen();
    const dialed = dial(port);
    await once(server, 'connection');
    await stopListening(server);
    accepted[0]?.write('x');
    expect(await dialed).toBe('open');
  });

  it('A stopping listener resets no connection that another listener on the port could accept', async () => {
    for (let round = 0; round < 50; round += 1) {
      const former = await listen();
      const next = await listen(former.port);
      const dialed = Array.from({ length: 10 }, () => dial(former.port));
      await stopListening(former.server);
      dialed.push(...Array.from({ length: 5 }, () => dial(former.port)));
      await stopListening(next.server);
      for (const socket of [...former.accepted, ...next.accepted]) socket.write('x');
      expect(new Set(await Promise.all(dialed))).toEqual(new Set(['open']));
    }
  });

  it('A stopping listener resets no connection although the process is busy and more connections arrive', async () => {
    const { server, accepted, port } = await listen();
    const dialed: Promise<string>[] = [];
    const more = () => {
      const endMs = performance.now() + 1;
      while (performance.now() < endMs);
      if (server.listening && dialed.length < 15) dialed.push(dial(port));
      for (const socket of accepted) if (socket.writable) socket.write('x');
      if (server.listening) setImmediate(more);
    };
    more();
    await stopListening(server);
    for (const socket of accepted) if (socket.writable) socket.write('x');
    expect(new Set(await Promise.all(dialed))).toEqual(new Set(['open']));
  });

  it('A listener stops once, however often it is asked to', async () => {
    const { server } = await listen();
    await Promise.all([stopListening(server), stopListening(server)]);
    await stopListening(server);
    expect(server.listening).toBe(false);
  });
});
