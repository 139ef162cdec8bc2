import { logVerbosity, makeClientConstructor, setLogVerbosity } from '@grpc/grpc-js';
import type { ChannelCredentials, ChannelOptions } from '@grpc/grpc-js';
import descriptor from './generated/descriptor.json' with { type: 'json' };
import type { RolegateClient, RolegateDefinition } from './generated/rolegate/v1/Rolegate.ts';
import { readServiceDefinition } from './service-definition.ts';

const SERVICE_NAME = 'rolegate.v1.Rolegate';

/** Metadata of a call that a Pod's request led to: the ID by which the agent's log has that request. */
export const REQUEST_ID_KEY = 'rolegate-request-id';

// What grpc-js would print beside our log comes to us as errors too.
setLogVerbosity(logVerbosity.NONE);

/** The generated type, without what only reflection needs. */
type Service = {
  readonly [Name in keyof RolegateDefinition]: Omit<RolegateDefinition[Name], 'requestType' | 'responseType'>;
};

/** The service as grpc-js wants it, for `server.addService`. Read from the committed descriptor: no file at run time. */
export const rolegateService = loadService();

export interface RolegateClientOptions {
  /** What grpc-js takes: `host:port`, `[v6]:port`, `dns:///host:port`. */
  readonly target: string;
  readonly credentials: ChannelCredentials;
  /** The name that the server's certificate must have, where the target is an address. */
  readonly serverName?: string;
  /** Further grpc-js channel options, e.g. keepalive. */
  readonly channel?: ChannelOptions;
}

/** A client of one channel of its own; close it with `close()`. */
export function createRolegateClient({
  target,
  credentials,
  serverName,
  channel = {},
}: RolegateClientOptions): RolegateClient {
  const name =
    serverName === undefined
      ? {}
      : { 'grpc.ssl_target_name_override': serverName, 'grpc.default_authority': serverName };
  // grpc-js gives subchannels of equal targets and options to several channels: a client here stands for its own connection.
  const options = { 'grpc.use_local_subchannel_pool': 1, ...name, ...channel };
  return new RolegateClientConstructor(target, credentials, options) as unknown as RolegateClient;
}

const RolegateClientConstructor = makeClientConstructor(rolegateService, SERVICE_NAME);

function loadService(): Service {
  // The declared type of a method in JSON wants a `comment`, which protobufjs does not write.
  const json = descriptor as unknown as Parameters<typeof readServiceDefinition>[0];
  return readServiceDefinition(json, SERVICE_NAME) as unknown as Service;
}
