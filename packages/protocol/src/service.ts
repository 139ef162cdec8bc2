import { logVerbosity, makeClientConstructor, setLogVerbosity, status } from '@grpc/grpc-js';
import type { ChannelCredentials, ChannelOptions, MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import protobuf from 'protobufjs/light.js';
import type { INamespace, Method, Type } from 'protobufjs/light.js';
import descriptor from './generated/descriptor.json' with { type: 'json' };
import type { RolegateClient, RolegateDefinition } from './generated/rolegate/v1/Rolegate.ts';
import { reasons, Refusal } from './reasons.ts';

const SERVICE_NAME = 'rolegate.v1.Rolegate';

/** gRPC metadata key for the ID under which the agent's log has the Pod's request. */
export const REQUEST_ID_KEY = 'rolegate-request-id';

/** The options with which the types are generated (scripts/generate/protos.mjs). */
const AS_OBJECT = { longs: Number, enums: String, defaults: true, oneofs: true } as const;

// grpc-js would print to stderr what it also reports as errors.
setLogVerbosity(logVerbosity.NONE);

/** The generated type without the parts that only reflection needs. */
type Service = {
  readonly [Name in keyof RolegateDefinition]: Omit<RolegateDefinition[Name], 'requestType' | 'responseType'>;
};

/**
 * The service for grpc-js's `server.addService`, made from the committed descriptor without reading files at run time.
 */
export const rolegateService = loadService();

export interface RolegateClientOptions {
  /** A grpc-js target: `host:port`, `[v6]:port` or `dns:///host:port`. */
  readonly target: string;
  readonly credentials: ChannelCredentials;
  /** The name that the server's certificate must have if the target is an address. */
  readonly serverName?: string;
  /** Further grpc-js channel options, e.g. keepalive. */
  readonly channel?: ChannelOptions;
}

/** Creates a client with a channel of its own. Close it with `close()`. */
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
  // grpc-js shares subchannels between channels with equal targets and options. Here each client needs its own
  // connection.
  const options = { 'grpc.use_local_subchannel_pool': 1, ...name, ...channel };
  return new RolegateClientConstructor(target, credentials, options) as unknown as RolegateClient;
}

/** Turns the error of a call into a Refusal. Anything that is not a Refusal is a bug. */
export function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  return new Refusal('ServerUnavailable', 'the server failed to handle this request', { cause: error });
}

/** The details begin with the reason, which is a metric label and a log field on the other side. */
export function asStatus({ reason, message }: Refusal) {
  return { code: status[reasons[reason].grpc], details: `${reason}: ${message}` };
}

const RolegateClientConstructor = makeClientConstructor(rolegateService, SERVICE_NAME);

function loadService(): Service {
  // The declared type of a method in JSON requires a `comment`, which protobufjs does not write.
  const json = descriptor as unknown as INamespace;
  return readServiceDefinition(json, SERVICE_NAME) as unknown as Service;
}

/**
 * A service for grpc-js from a descriptor in protobufjs's JSON. Like @grpc/proto-loader's, without the descriptors for
 * reflection, which took a fifth of an agent's start besides Node itself. Throws if the descriptor has no such service.
 */
function readServiceDefinition(descriptor: INamespace, name: string): ServiceDefinition {
  const service = protobuf.Root.fromJSON(descriptor).lookupService(name);
  return Object.fromEntries(service.methodsArray.map((method) => [method.name, methodOf(method, name)]));
}

function methodOf(method: Method, service: string): MethodDefinition<object, object> {
  method.resolve();
  const { resolvedRequestType, resolvedResponseType } = method;
  if (resolvedRequestType === null || resolvedResponseType === null)
    throw new Error(`the descriptor has no message for ${method.name}`);
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
