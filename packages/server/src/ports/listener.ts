import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { formatHostPort } from '@rolegate/runtime';
import type { HostPort } from '@rolegate/runtime';
import type { Handshakes } from './handshakes.ts';

export interface ListenerDeps {
  readonly handshakes: Handshakes;
  /** Hands the socket to grpc-js, which begins TLS. */
  readonly inject: (socket: Socket) => void;
}

/** Accepts connections in front of grpc-js, which has no limits before a handshake is complete. */
export interface Listener {
  /** Rejects if the address is taken; resolves with the port. */
  readonly listen: (address: HostPort) => Promise<number>;
  /** The handshake on this socket is complete. */
  readonly done: (accepted: Socket | undefined) => void;
  /** Whether this server closed the socket, at a limit or to stop. */
  readonly closed: (accepted: Socket | undefined) => boolean;
  /** Accepts no more connections; resolves when the open ones have ended. */
  readonly stop: () => Promise<void>;
  /** Closes every connection immediately. */
  readonly closeAll: () => void;
}

export function createListener({ handshakes, inject }: ListenerDeps): Listener {
  const open = new Set<Socket>();
  const ends = new WeakMap<Socket, () => void>();
  const closed = new WeakSet<Socket>();
  const server = createServer({ noDelay: true });

  function close(socket: Socket): void {
    closed.add(socket);
    // A reset leaves no state in the kernel; an orderly close would leave TIME_WAIT for a minute.
    socket.resetAndDestroy();
  }

  // At the limit of open files accept fails; a later one may succeed.
  server.on('error', () => undefined);
  server.on('connection', (socket: Socket) => {
    socket.on('error', () => undefined);
    const closeIt = () => {
      close(socket);
    };
    const start = () => {
      inject(socket);
    };
    const handshake = handshakes.begin(socket.remoteAddress ?? '', closeIt, start);
    if (handshake === undefined) {
      close(socket);
      return;
    }
    open.add(socket);
    ends.set(socket, handshake.end);
    socket.once('close', () => {
      open.delete(socket);
      handshake.end();
    });
  });

  return {
    async listen({ host, port }) {
      try {
        await once(server.listen({ host, port }), 'listening');
      } catch (cause) {
        throw new Error(`cannot listen on ${formatHostPort({ host, port })}`, { cause });
      }
      const address = server.address();
      return typeof address === 'object' && address !== null ? address.port : port;
    },
    done(accepted) {
      if (accepted !== undefined) ends.get(accepted)?.();
    },
    closed: (accepted) => accepted !== undefined && closed.has(accepted),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
      }),
    closeAll() {
      for (const socket of open) close(socket);
    },
  };
}
