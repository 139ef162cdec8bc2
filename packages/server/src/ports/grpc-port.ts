import { Server } from '@grpc/grpc-js';
import type { ServerCredentials, ServerOptions } from '@grpc/grpc-js';
import { onClientConnection, onRefusedHandshake } from '@rolegate/protocol';
import type { ClientConnection, RefusedHandshake } from '@rolegate/protocol';
import type { Clock, HostPort } from '@rolegate/runtime';
import type { ServerMemory } from '../memory/memory.ts';
import { createHandshakes, HANDSHAKE_LIMITS } from './handshakes.ts';
import type { HandshakeLimits } from './handshakes.ts';
import type { PortLimitHit } from '../limits/limit-hits.ts';
import { createListener } from './listener.ts';

export interface GrpcPortDeps {
  readonly credentials: ServerCredentials;
  readonly options: ServerOptions;
  /** Adds the services. */
  readonly serve: (server: Server) => void;
  /** A connection has its handshake behind it. */
  readonly opened: (connection: ClientConnection) => void;
  readonly refused: (refused: RefusedHandshake) => void;
  readonly hit: PortLimitHit;
  /** True for the addresses of agents that are connected. */
  readonly isAgents: (address: string) => boolean;
  readonly limits?: HandshakeLimits;
  readonly clock: Clock;
  readonly memory?: ServerMemory | undefined;
}

export interface GrpcPort {
  /** Rejects if the address is taken; resolves with the port. */
  readonly listen: (address: HostPort) => Promise<number>;
  /** Waits for calls that are under way, at most for this time, and ends all connections. */
  readonly close: (timeoutMs: number) => Promise<void>;
}

/** A gRPC server behind a listener of our own, which bounds what comes before TLS (docs/adr/0016). */
export function createGrpcPort(deps: GrpcPortDeps): GrpcPort {
  const {
    credentials,
    options,
    serve,
    opened,
    refused,
    hit,
    isAgents,
    clock,
    memory,
    limits = HANDSHAKE_LIMITS,
  } = deps;
  const server = new Server({ ...options, 'grpc.enable_channelz': 0 });
  serve(server);
  const injector = server.createConnectionInjector(credentials);
  const handshakes = createHandshakes({ limits, clock, memory, hit, isAgents });
  const listener = createListener({
    handshakes,
    inject: (socket) => {
      injector.injectConnection(socket);
    },
  });

  onRefusedHandshake(server, (one) => {
    if (!listener.closed(one.accepted)) refused(one);
  });
  onClientConnection(server, (connection) => {
    listener.done(connection.accepted);
    opened(connection);
  });

  return {
    listen: listener.listen,
    async close(timeoutMs) {
      // grpc-js waits for its own listeners only: it has none.
      const gone = listener.stop();
      server.tryShutdown(() => undefined);
      await new Promise<void>((resolve) => {
        const cancel = clock.schedule(timeoutMs, resolve);
        void gone.then(() => {
          cancel();
          resolve();
        });
      });
      listener.closeAll();
      server.forceShutdown();
    },
  };
}
