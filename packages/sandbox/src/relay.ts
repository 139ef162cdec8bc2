import { createServer, connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

export interface Relay {
  /** On 127.0.0.1. */
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Replaces a Pod's network namespace: connections to its port reach the agent from the Pod's address, which an SDK
 * cannot choose.
 */
export async function startRelay({
  from,
  to,
}: {
  from: string;
  to: { host: string; port: number };
}): Promise<Relay> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const agent = connect({ ...to, localAddress: from });
    for (const [socket, other] of [
      [client, agent],
      [agent, client],
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
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => {
          resolve();
        });
      }),
  };
}
