import { logVerbosity, makeClientConstructor, setLogVerbosity } from '@grpc/grpc-js';
import type { ChannelCredentials, ChannelOptions, MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import protobuf from 'protobufjs/light.js';
import type { INamespace, Method, Type } from 'protobufjs/light.js';
import descriptor from './generated/descriptor.json' with { type: 'json' };
import type { RolegateClient, RolegateDefinition } from './generated/rolegate/v1/Rolegate.ts';
import { reasons, Refusal } from './reasons.ts';

const SERVICE_NAME = 'rolegate.v1.Rolegate';

/** Metadata of a call that a Pod's request led to: the ID by which the agent's log has that request. */
export const REQUEST_ID_KEY = 'rolegate-request-id';

/** The options that the generated types were made with (scripts/generate/protos.mjs). */
const AS_OBJECT = { longs: Number, enums: String, defaults: true, oneofs: true } as const;

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

/** What a call ends with; anything but a Refusal is a fault of ours. */
export function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  return new Refusal('ServerUnavailable', 'the server failed on this request', { cause: error });
}

/** The details begin with the reason: a metric label and a log field on the other side. */
export function asStatus({ reason, message }: Refusal) {
  return { code: reasons[reason].grpc, details: `${reason}: ${message}` };
}

const RolegateClientConstructor = makeClientConstructor(rolegateService, SERVICE_NAME);

function loadService(): Service {
  // The declared type of a method in JSON wants a `comment`, which protobufjs does not write.
  const json = descriptor as unknown as INamespace;
  return readServiceDefinition(json, SERVICE_NAME) as unknown as Service;
}

/**
 * A service as grpc-js wants it, from a descriptor in protobufjs's JSON. As @grpc/proto-loader makes it, without the descriptors for
 * reflection: a fifth of an agent's start beside Node itself went into these. Throws if the descriptor has no such service.
 */
function readServiceDefinition(descriptor: INamespace, name: string): ServiceDefinition {
  const service = protobuf.Root.fromJSON(descriptor).lookupService(name);
  return Object.fromEntries(service.methodsArray.map((method) => [method.name, methodOf(method, name)]));
}

function methodOf(method: Method, service: string): MethodDefinition<object, object> {
  method.resolve();
  const { resolvedRequestType, resolvedResponseType } = method;
  if (resolvedRequestType === null || resolvedResponseType === null)
    throw new Error(`the descriptor lacks a message of ${method.name}`);
  const [request, response] = [codecOf(resolvedRequestType), codecOf(resolvedResponseType)];
  return {
    path: `/${service}/${method.name}`,
    originalName: method.name.charAt(0).toLowerCase() + method.name.slice(1),
    requestStream: method.requestStream === true,
    responseStream: method.responseStream === true,
    requestSerialize: request.encode,
    requestDeserialize: request.decode,
    responseSerialize: response.encode,
    responseDeserialize: response.decode,
  };
}

function codecOf(type: Type) {
  return {
    encode: (message: object) => {
      const bytes = type.encode(type.fromObject(message)).finish();
      return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes);
    },
    decode: (bytes: Buffer) => type.toObject(type.decode(bytes), AS_OBJECT) as object,
  };
}
