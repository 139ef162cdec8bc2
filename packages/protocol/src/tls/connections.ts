import type { X509Certificate } from 'node:crypto';
import { EventEmitter } from 'node:events';
import type { ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Server } from '@grpc/grpc-js';

/** A client's connection after its TLS handshake. */
export interface ClientConnection {
  /** As in `getPeer()` of its calls. */
  readonly peer: string;
  /** The IP address, or '' if the client has disconnected. */
  readonly address: string;
  /** The accepted socket under TLS. */
  readonly accepted: Socket | undefined;
  /** The client certificate as verified by TLS. */
  readonly certificate: X509Certificate | undefined;
  /** Closes it immediately. */
  readonly end: () => void;
  /** Calls once when it is closed. */
  readonly onClose: (call: () => void) => void;
  /** Calls for each request before it is examined, even if it names no method. */
  readonly onRequest: (call: () => void) => void;
}

/** Longer names are cut, because strangers choose them. Characters. */
const LONGEST_NAME = 300;

/**
 * Calls for each connection after its handshake and before its first request. Use it when the server has its ports.
 * Throws like onRefusedHandshake.
 */
export function onClientConnection(server: Server, call: (connection: ClientConnection) => void): void {
  for (const http2Server of http2ServersOf(server)) {
    const requests = new WeakMap<object, () => void>();
    let beginning = (): void => undefined;
    // Runs before Node's own listener, which creates the session and emits 'session' while it runs.
    http2Server.prependListener('secureConnection', (socket: TLSSocket & HasParent) => {
      const { connection, requested } = connectionOf(socket);
      beginning = requested;
      call(connection);
    });
    http2Server.on('session', (session: object) => requests.set(session, beginning));
    http2Server.prependListener('stream', ({ session }: ServerHttp2Stream) => {
      if (session !== undefined) requests.get(session)?.();
    });
  }
}

/** A TLS socket knows the socket it was made from (Node 24). */
export interface HasParent {
  readonly _parent?: Socket;
}

function connectionOf(socket: TLSSocket & HasParent) {
  const listeners: (() => void)[] = [];
  const { remoteAddress: address = '', remotePort = '' } = socket;
  const connection: ClientConnection = {
    peer: `${address}:${remotePort}`,
    address,
    accepted: socket._parent,
    certificate: socket.authorized ? socket.getPeerX509Certificate() : undefined,
    end: () => socket.destroy(),
    onClose: (over) => socket.once('close', over),
    onRequest: (requested) => listeners.push(requested),
  };
  return {
    connection,
    requested: () => {
      for (const listener of listeners) listener();
    },
  };
}

/**
 * The HTTP/2 servers of a server. grpc-js does not expose them, so this reads its field `http2Servers` (1.14). Throws
 * if there is no such field.
 */
export function http2ServersOf(server: Server): EventEmitter[] {
  const servers = (server as unknown as { http2Servers?: unknown }).http2Servers;
  if (!(servers instanceof Map))
    throw new Error('this version of grpc-js does not have the field http2Servers');
  return [...servers.keys()].filter((one): one is EventEmitter => one instanceof EventEmitter);
}

/**
 * The HTTP/2 stream of a server call. grpc-js does not expose it, so this reads the field `stream` of the call's field
 * `call` (1.14). Undefined if there is no such field.
 */
export function http2StreamOf(call: object): ServerHttp2Stream | undefined {
  const { stream } = (call as { call?: { stream?: unknown } }).call ?? {};
  return stream instanceof EventEmitter && 'sentHeaders' in stream
    ? (stream as ServerHttp2Stream)
    : undefined;
}

/**
 * Bounds the messages of a server call before they are stored; for an interceptor. grpc-js has one bound for all calls,
 * so this sets `maxReadMessageLength` of the call's field `decoder` (1.14). Does nothing if there is no such field.
 */
export function limitMessages(call: object, bytes: number): void {
  const { decoder } = call as { decoder?: { maxReadMessageLength?: number } };
  if (decoder?.maxReadMessageLength !== undefined) decoder.maxReadMessageLength = bytes;
}

/** `address:port` for logs, with IPv6 in brackets. */
export function peerOf({ remoteAddress, remotePort }: Socket): string {
  if (remoteAddress === undefined || remotePort === undefined) return 'unknown';
  return `${remoteAddress.includes(':') ? `[${remoteAddress}]` : remoteAddress}:${remotePort}`;
}

/** Describes a certificate to an operator: subject, issuer and validity. */
export function whichOf({ subjectAltName, subject, issuer, validFrom, validTo }: X509Certificate): string {
  const name = (text: string | undefined) =>
    JSON.stringify((text ?? '').replaceAll('\n', ', ').slice(0, LONGEST_NAME));
  return [
    `it names ${name(subjectAltName ?? subject)}`,
    `is issued by ${name(issuer)}`,
    `and valid from ${timeOf(validFrom)} to ${timeOf(validTo)}`,
  ].join(', ');
}

function timeOf(text: string): string {
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? 'an unreadable time' : new Date(ms).toISOString().replace('.000Z', 'Z');
}
