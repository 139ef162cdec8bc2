import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import protobuf from 'protobufjs/light.js';
import type { INamespace, Method, Type } from 'protobufjs/light.js';

/** The options that the generated types were made with (scripts/generate.mjs). */
const AS_OBJECT = { longs: Number, enums: String, defaults: true, oneofs: true } as const;

/**
 * A service as grpc-js wants it, from a descriptor in protobufjs's JSON. As @grpc/proto-loader makes it, without the descriptors for
 * reflection: a fifth of an agent's start beside Node itself went into these. Throws if the descriptor has no such service.
 */
export function readServiceDefinition(descriptor: INamespace, name: string): ServiceDefinition {
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
