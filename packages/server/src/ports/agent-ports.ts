import type { ServerCredentials, ServerInterceptingCall, ServerInterceptor } from '@grpc/grpc-js';
import { limitMessages, rolegateService } from '@rolegate/protocol';
import type { RolegateHandlers } from '@rolegate/protocol';
import { HealthImplementation } from 'grpc-health-check';
import type { FeedService } from '../feed/feed-service.ts';
import { LARGEST_FIRST_REPORT } from '../feed/reports/limits.ts';
import type { ConnectionNodes } from '../identity/connection-nodes.ts';
import { createAttestConnections } from './attest-connections.ts';
import type { AttestConnections } from './attest-connections.ts';
import { createGrpcPort } from './grpc-port.ts';
import type { GrpcPort, GrpcPortDeps } from './grpc-port.ts';
import { createNodeConnections } from './node-connections.ts';

/** A dead agent is noticed after the sum of both (DESIGN.md 4.5). Milliseconds. */
const KEEPALIVE = { 'grpc.keepalive_time_ms': 10_000, 'grpc.keepalive_timeout_ms': 3_000 };
/** `Attest` carries a token and a certificate request, other unary calls an address. Bytes. */
const LARGEST_ATTEST = 16 * 1024;
const LARGEST_REQUEST = 1024;

/** The feed itself limits and parses reports. */
const served = {
  ...rolegateService,
  Feed: { ...rolegateService.Feed, requestDeserialize: (bytes: Buffer) => bytes },
};

/** Limits unary requests: grpc-js buffers incomplete ones, of which an agent can have many at once. */
const boundRequests: ServerInterceptor = ({ path, requestStream }, call) => {
  if (!requestStream) limitMessages(call, path === served.Attest.path ? LARGEST_ATTEST : LARGEST_REQUEST);
  // The types require a wrapped call; grpc-js accepts any.
  return call as unknown as ServerInterceptingCall;
};

type PortDeps = Pick<GrpcPortDeps, 'refused' | 'hit' | 'synced' | 'clock' | 'memory'> & {
  readonly credentials: ServerCredentials;
  readonly connections: Pick<ConnectionNodes, 'opened' | 'isAgents'>;
};

export interface FeedPortDeps extends PortDeps {
  readonly feed: FeedService;
  readonly trustDomain: string;
}

export interface FeedPort extends GrpcPort {
  /** grpc.health.v1: SERVING once the caches are synced. */
  readonly serving: (is: boolean) => void;
}

/** The port for agents with a certificate: the feed and grpc.health.v1 with mutual TLS. `close` disconnects the agents. */
export function createFeedPort(deps: FeedPortDeps): FeedPort {
  const { feed, connections } = deps;
  const health = new HealthImplementation({ '': 'NOT_SERVING' });
  const bound = createNodeConnections(deps);
  const port = createGrpcPort({
    ...deps,
    isAgents: connections.isAgents,
    options: {
      ...KEEPALIVE,
      'grpc.max_receive_message_length': LARGEST_FIRST_REPORT,
      interceptors: [boundRequests],
    },
    serve(server) {
      server.addService(served, feed.handlers);
      health.addToServer(server);
    },
    opened(connection) {
      bound(connection);
      connections.opened(connection);
    },
  });
  return {
    listen: port.listen,
    serving(is) {
      health.setStatus('', is ? 'SERVING' : 'NOT_SERVING');
    },
    close(timeoutMs) {
      health.setStatus('', 'NOT_SERVING');
      feed.drain();
      return port.close(timeoutMs);
    },
  };
}

export interface AttestPortDeps extends PortDeps {
  readonly handler: (showing: AttestConnections['showing']) => RolegateHandlers['Attest'];
}

/** The port for agents without a certificate; it serves only `Attest`. */
export function createAttestPort(deps: AttestPortDeps): GrpcPort {
  const { opened, showing } = createAttestConnections(deps);
  return createGrpcPort({
    ...deps,
    isAgents: deps.connections.isAgents,
    options: { 'grpc.max_receive_message_length': LARGEST_ATTEST },
    serve(server) {
      server.addService({ Attest: rolegateService.Attest }, { Attest: deps.handler(showing) });
    },
    opened,
  });
}
