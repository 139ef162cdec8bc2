import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { connectivityState } from '@grpc/grpc-js';
import type { Metadata } from '@grpc/grpc-js';
import { createClientCredentials, createRolegateClient, REQUEST_ID_KEY } from '@rolegate/protocol';
import type { ClientTls, PodStateRead, RolegateClient, RolegateClientOptions } from '@rolegate/protocol';
import { formatHostPort } from '@rolegate/runtime';
import type { FeedCall } from './feed-stream.ts';
import type { ServerAddress } from './server-addresses.ts';

/**
 * A dead server is noticed after the sum (DESIGN.md 4.5); one that does not answer the connection attempt is left for the
 * next after the last. Milliseconds.
 */
const CHANNEL = {
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 3_000,
  'grpc.keepalive_permit_without_calls': 1,
  'grpc.initial_reconnect_backoff_ms': 5_000,
  'grpc.max_receive_message_length': 16 * 1024 * 1024,
};
/** A Pod waits for the answer: longer is of no use to it. Milliseconds. */
const RESOLVE_WITHIN_MS = 800;

export interface ServerConnectionsDeps {
  /** What a new connection shows and trusts. Throws if there is nothing to trust. */
  readonly tls: { readonly current: () => ClientTls };
  /** What the server's certificate must name; undefined: the host of the address as it was given. */
  readonly serverName: string | undefined;
  /** Goes with each call; throws where it cannot be made now. */
  readonly callMetadata: () => Metadata;
}

/** The connection of a feed, for other calls to the same server. */
export interface FeedConnection {
  readonly address: ServerAddress;
  readonly client: RolegateClient;
  /** The authorities by which the server was verified, PEM. */
  readonly ca: Buffer;
}

export interface ServerConnections {
  /** A feed on a connection of its own. Throws where the metadata cannot be made. */
  readonly open: (address: ServerAddress) => { call: FeedCall; close: () => void };
  /** Asks the server of the newest feed; undefined if there is none, or it knows nobody. Rejects if it is away. */
  resolve(ip: string, requestId: string): Promise<PodStateRead | undefined>;
  /** The newest connection that is ready now: a call on it makes no new one. Undefined: there is none. */
  readonly ready: () => FeedConnection | undefined;
}

/** The agent's gRPC connections: one a feed, so that the next one can be opened beside it. */
export function createServerConnections({
  tls,
  serverName,
  callMetadata,
}: ServerConnectionsDeps): ServerConnections {
  const credentials = createClientCredentials(tls);
  /** The oldest first: the next feed is opened beside the one before, and may come to nothing. */
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
  };
}

/** True if the connection is there. It is not made for asking. */
export function isReady(client: RolegateClient): boolean {
  return client.getChannel().getConnectivityState(false) === connectivityState.READY;
}

/** What a client needs to be told of an address. */
export function whereIs(
  { name, ...address }: ServerAddress,
  serverName: string | undefined,
): Pick<RolegateClientOptions, 'target' | 'serverName'> {
  const expected = serverName ?? name;
  return {
    target: formatHostPort(address),
    // An address needs no other name: TLS holds it against the certificate as it is.
    ...(isIP(expected) === 0 && { serverName: expected }),
  };
}

/** All addresses of a name. */
export async function lookupAll(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}
