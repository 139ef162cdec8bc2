import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { createRolegateClient, REQUEST_ID_KEY } from '@rolegate/protocol';
import type { PodStateRead, RolegateClient, RolegateClientOptions } from '@rolegate/protocol';
import type { ChannelCredentials, Metadata } from '@grpc/grpc-js';
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
  readonly credentials: ChannelCredentials;
  /** What the server's certificate must name; undefined: the host of the address as it was given. */
  readonly serverName: string | undefined;
  /** Goes with each call; throws where it cannot be made now. */
  readonly callMetadata: () => Metadata;
}

export interface ServerConnections {
  /** A feed on a connection of its own. Throws where the metadata cannot be made. */
  readonly open: (address: ServerAddress) => { call: FeedCall; close: () => void };
  /** Asks the server of the latest feed; undefined where there is none, or it knows nobody. Rejects when it is away. */
  resolve(ip: string, requestId: string): Promise<PodStateRead | undefined>;
}

/** The agent's gRPC connections: one a feed, so that the next one can be opened beside it. */
export function createServerConnections({
  credentials,
  serverName,
  callMetadata,
}: ServerConnectionsDeps): ServerConnections {
  let latest: RolegateClient | undefined;
  return {
    open(address) {
      const metadata = callMetadata();
      const client = createRolegateClient({ credentials, channel: CHANNEL, ...whereIs(address, serverName) });
      latest = client;
      return {
        call: client.feed(metadata),
        close: () => {
          if (latest === client) latest = undefined;
          client.close();
        },
      };
    },
    async resolve(ip, requestId) {
      const client = latest;
      if (client === undefined) return undefined;
      const metadata = callMetadata();
      metadata.set(REQUEST_ID_KEY, requestId);
      return new Promise((resolve, reject) => {
        client.resolve({ ip }, metadata, { deadline: Date.now() + RESOLVE_WITHIN_MS }, (error, response) => {
          if (error) reject(error);
          else resolve(response?.pod ?? undefined);
        });
      });
    },
  };
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
