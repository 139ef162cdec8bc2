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
  /** A connection has completed its handshake. */
  readonly opened: (connection: ClientConnection) => void;
  readonly refused: (refused: RefusedHandshake) => void;
  readonly hit: PortLimitHit;
  /** True for addresses of connected agents. */
  readonly isAgents: (address: string) => boolean;
  /** False while all calls are refused. */
  readonly synced?: (() => boolean) | undefined;
  readonly limits?: HandshakeLimits;
  readonly clock: Clock;
  readonly memory?: ServerMemory | undefined;
}

export interface GrpcPort {
  /** Rejects if the address is taken; resolves with the port. */
  readonly listen: (address: HostPort) => Promise<number>;
  /** Waits at most this long for calls in progress, then closes all connections. */
  readonly close: (timeoutMs: number) => Promise<void>;
}

/** A gRPC server behind its own listener, which limits connections before TLS (docs/adr/0016). */
export function createGrpcPort(deps: GrpcPortDeps): GrpcPort {
  const {
    credentials,
    options,
    serve,
    opened,
    refused,
    hit,
    isAgents,
    synced,
    clock,
    memory,
    limits = HANDSHAKE_LIMITS,
  } = deps;
  const server = new Server({ ...options, 'grpc.enable_channelz': 0 });
  serve(server);
  const injector = server.createConnectionInjector(credentials);
  const handshakes = createHandshakes({ limits, clock, memory, hit, isAgents, synced });
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
      // grpc-js only waits for its own listeners, of which there are none here.
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
