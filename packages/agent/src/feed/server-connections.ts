import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { connectivityState } from '@grpc/grpc-js';
import type { Metadata } from '@grpc/grpc-js';
import { createClientCredentials, createRolegateClient, REQUEST_ID_KEY } from '@rolegate/protocol';
import type {
  ClientTls,
  PodStateRead,
  ReviewTokenResponseRead,
  RolegateClient,
  RolegateClientOptions,
} from '@rolegate/protocol';
import { formatHostPort } from '@rolegate/runtime';
import type { FeedCall } from './feed-stream.ts';
import type { ServerAddress } from './server-addresses.ts';

/**
 * A dead server is noticed after keepalive time plus timeout (DESIGN.md 4.5). A connection attempt without an answer is given up
 * for the next server after the initial back-off. Milliseconds.
 */
const CHANNEL = {
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 3_000,
  'grpc.keepalive_permit_without_calls': 1,
  'grpc.initial_reconnect_backoff_ms': 5_000,
  'grpc.max_receive_message_length': 16 * 1024 * 1024,
};
/** A Pod waits for the answer; a later one is useless. Milliseconds. */
const RESOLVE_WITHIN_MS = 800;
/** Longer than a Pod waits: the answer is remembered for its next request. Milliseconds. */
const REVIEW_WITHIN_MS = 5_000;

export interface ServerConnectionsDeps {
  /** Certificate and authorities for new connections. Throws if no authority is known. */
  readonly tls: { readonly current: () => ClientTls };
  /** The name that the server's certificate must have; undefined: the configured host. */
  readonly serverName: string | undefined;
  /** Sent with each call. Throws if it cannot be created at present. */
  readonly callMetadata: () => Metadata;
}

/** The connection of a feed, for other calls to the same server. */
export interface FeedConnection {
  readonly address: ServerAddress;
  readonly client: RolegateClient;
  /** The authorities with which the server was verified, PEM. */
  readonly ca: Buffer;
}

export interface ServerConnections {
  /** Opens a feed on a new connection. Throws if the metadata cannot be created. */
  readonly open: (address: ServerAddress) => { call: FeedCall; close: () => void };
  /** Asks the server of the newest feed. Undefined if there is none or it knows no Pod. Rejects if the server is unavailable. */
  resolve(ip: string, requestId: string): Promise<PodStateRead | undefined>;
  /** Has the server of the newest feed review a ServiceAccount token. Rejects if there is none or it does not answer. */
  readonly reviewToken: (token: string) => Promise<ReviewTokenResponseRead>;
  /** The newest connection that is ready, for calls that must not open one. Undefined: none. */
  readonly ready: () => FeedConnection | undefined;
}

/** The agent's gRPC connections: one per feed, so that the next can be opened before the old one ends. */
export function createServerConnections({
  tls,
  serverName,
  callMetadata,
}: ServerConnectionsDeps): ServerConnections {
  const credentials = createClientCredentials(tls);
  /** Oldest first: the next feed is opened while the previous one continues, and may fail. */
  const open = new Set<FeedConnection>();
  const ready = () => [...open].findLast(({ client }) => isReady(client));
  return {
    open(address) {
      const metadata = callMetadata();
      const { ca } = tls.current();
      const client = createRolegateClient({ credentials, channel: CHANNEL, ...whereIs(address, serverName) });
      const connection: FeedConnection = { address, client, ca };
      open.add(connection);
      return {
        call: client.feed(metadata),
        close: () => {
          open.delete(connection);
          client.close();
        },
      };
    },
    ready,
    async resolve(ip, requestId) {
      const connection = ready() ?? [...open].at(-1);
      if (connection === undefined) return undefined;
      const metadata = callMetadata();
      metadata.set(REQUEST_ID_KEY, requestId);
      return new Promise((resolve, reject) => {
        connection.client.resolve(
          { ip },
          metadata,
          { deadline: Date.now() + RESOLVE_WITHIN_MS },
          (error, response) => {
            if (error) reject(error);
            else resolve(response?.pod ?? undefined);
          },
        );
      });
    },
    async reviewToken(token) {
      const connection = ready();
      if (connection === undefined) throw new Error('no server is connected');
      const metadata = callMetadata();
      return new Promise((resolve, reject) => {
        connection.client.reviewToken(
          { token },
          metadata,
          { deadline: Date.now() + REVIEW_WITHIN_MS },
          (error, response) => {
            if (response === undefined) reject(error ?? new Error('the server sent no answer'));
            else resolve(response);
          },
        );
      });
    },
  };
}

/** True if the connection is ready. Does not open one. */
export function isReady(client: RolegateClient): boolean {
  return client.getChannel().getConnectivityState(false) === connectivityState.READY;
}

/** Address and verified name for a gRPC client. */
export function whereIs(
  { name, ...address }: ServerAddress,
  serverName: string | undefined,
): Pick<RolegateClientOptions, 'target' | 'serverName'> {
  const expected = serverName ?? name;
  return {
    target: formatHostPort(address),
    // For an IP address no name is set: TLS verifies the address itself.
    ...(isIP(expected) === 0 && { serverName: expected }),
  };
}

/** All addresses of a name. */
export async function lookupAll(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}
