import { Server } from '@grpc/grpc-js';
import type { ServerCredentials, ServerInterceptingCall, ServerInterceptor } from '@grpc/grpc-js';
import { limitMessages, onClientConnection, onRefusedHandshake, rolegateService } from '@rolegate/protocol';
import type { RefusedHandshake } from '@rolegate/protocol';
import type { Clock, HostPort } from '@rolegate/runtime';
import { HealthImplementation } from 'grpc-health-check';
import type { FeedService } from './feed/feed-service.ts';
import { LARGEST_FIRST_REPORT } from './feed/reports/limits.ts';
import type { ConnectionNodes } from './identity/connection-nodes.ts';

/** A dead agent is noticed after the sum (DESIGN.md 4.5). Milliseconds. */
const KEEPALIVE = { 'grpc.keepalive_time_ms': 10_000, 'grpc.keepalive_timeout_ms': 3_000 };
/** Calls of one message have an address, or a token with a certificate request. Bytes. */
const LARGEST_REQUEST = 32 * 1024;
/** Of one connection: an agent has a feed, and asks for an address now and then. */
const MOST_CALLS = 256;

/** How large a report may be, and what of it is parsed, the feed knows. */
const served = {
  ...rolegateService,
  Feed: { ...rolegateService.Feed, requestDeserialize: (bytes: Buffer) => bytes },
};

/** What a call has not sent completely yet is kept: an agent may have many of these at once, and only few feeds. */
const boundRequests: ServerInterceptor = ({ requestStream }, call) => {
  if (!requestStream) limitMessages(call, LARGEST_REQUEST);
  // The types want a wrapped call; grpc-js takes any.
  return call as unknown as ServerInterceptingCall;
};

export interface GrpcServerDeps {
  readonly credentials: ServerCredentials;
  readonly feed: FeedService;
  readonly connections: Pick<ConnectionNodes, 'opened'>;
  readonly refused: (refused: RefusedHandshake) => void;
  readonly clock: Clock;
}

export interface GrpcServer {
  /** Rejects when the address is taken; resolves with the port. */
  listen(address: HostPort): Promise<number>;
  /** grpc.health.v1: SERVING once the caches are synced. */
  serving(is: boolean): void;
  /** Ends all streams with UNAVAILABLE, waits for calls that are under way, at most so long. */
  close(timeoutMs: number): Promise<void>;
}

/** The gRPC side of the server: the feed and grpc.health.v1 behind mutual TLS. */
export function createGrpcServer(deps: GrpcServerDeps): GrpcServer {
  const { credentials, feed, connections, refused, clock } = deps;
  const server = new Server({
    ...KEEPALIVE,
    'grpc.max_receive_message_length': LARGEST_FIRST_REPORT,
    'grpc.max_concurrent_streams': MOST_CALLS,
    interceptors: [boundRequests],
  });
  const health = new HealthImplementation({ '': 'NOT_SERVING' });
  server.addService(served, feed.handlers);
  health.addToServer(server);

  return {
    listen: ({ host, port }) =>
      new Promise((resolve, reject) => {
        const target = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
        server.bindAsync(target, credentials, (error, bound) => {
          if (error === null) {
            onRefusedHandshake(server, refused);
            onClientConnection(server, connections.opened);
            resolve(bound);
          } else reject(new Error(`cannot listen on ${target}`, { cause: error }));
        });
      }),
    serving(is) {
      health.setStatus('', is ? 'SERVING' : 'NOT_SERVING');
    },
    async close(timeoutMs) {
      health.setStatus('', 'NOT_SERVING');
      feed.drain();
      await new Promise<void>((resolve) => {
        const cancel = clock.schedule(timeoutMs, resolve);
        server.tryShutdown(() => {
          cancel();
          resolve();
        });
      });
      server.forceShutdown();
    },
  };
}
