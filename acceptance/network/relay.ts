import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';

/** A port of 127.0.0.1, or the path of a Unix socket, which all network namespaces share. */
export type RelayEnd = number | string;

/** Passes each connection to `from` on to `to`. Resolves when it listens, with a function that ends it. */
export async function startRelay(from: RelayEnd, to: RelayEnd): Promise<() => void> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const service = connect(targetOf(to));
    for (const [socket, other] of [
      [client, service],
      [service, client],
    ] as const) {
      sockets.add(socket);
      socket.pipe(other);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
  });
  await once(server.listen(targetOf(from)), 'listening');
  return () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
}

function targetOf(end: RelayEnd) {
  return typeof end === 'number' ? { host: '127.0.0.1', port: end } : { path: end };
}
