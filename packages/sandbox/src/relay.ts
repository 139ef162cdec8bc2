import { once } from 'node:events';
import { createServer, connect } from 'node:net';
import type { AddressInfo, ListenOptions, NetConnectOpts, Socket } from 'node:net';

export interface Relay {
  /** On 127.0.0.1. */
  readonly port: number;
  readonly close: () => Promise<void>;
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
  const { address, close } = await relayConnections(
    { host: '127.0.0.1', port: 0 },
    { ...to, localAddress: from },
  );
  return { port: (address as AddressInfo).port, close };
}

export interface ConnectionRelay {
  /** Where it listens. */
  readonly address: AddressInfo | string | null;
  readonly close: () => Promise<void>;
}

/** Passes each connection on. Resolves when it listens. */
export async function relayConnections(from: ListenOptions, to: NetConnectOpts): Promise<ConnectionRelay> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const service = connect(to);
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
  await once(server.listen(from), 'listening');
  return {
    address: server.address(),
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => {
          resolve();
        });
      }),
  };
}
