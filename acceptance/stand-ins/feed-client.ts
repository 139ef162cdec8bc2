import { createClientCredentials, createRolegateClient } from '@rolegate/protocol';
import type { ClientTls, RolegateClient } from '@rolegate/protocol';

export interface FeedClientOptions {
  /** Of the server, 127.0.0.1 by default. */
  readonly address?: string;
  readonly port: number;
  readonly serverName: string;
  /** PEM. */
  readonly ca: string;
  /** The client certificate, PEM. Without it none is shown. */
  readonly identity?: { readonly cert: string; readonly key: string } | undefined;
  /** Options of grpc-js. */
  readonly channel?: Readonly<Record<string, number>>;
}

/** A client with which a suite calls a server like an agent, on its own connection. */
export function createFeedClient({
  address = '127.0.0.1',
  port,
  serverName,
  ca,
  identity,
  channel = {},
}: FeedClientOptions): RolegateClient {
  const tls: ClientTls = {
    ca: Buffer.from(ca),
    ...(identity && { cert: Buffer.from(identity.cert), key: Buffer.from(identity.key) }),
  };
  const credentials = createClientCredentials({ current: () => tls });
  return createRolegateClient({ target: `${address}:${port}`, credentials, serverName, channel });
}
