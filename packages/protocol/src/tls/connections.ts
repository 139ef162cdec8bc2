import type { X509Certificate } from 'node:crypto';
import { EventEmitter } from 'node:events';
import type { ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Server } from '@grpc/grpc-js';

/** A client's connection, its TLS handshake done. */
export interface ClientConnection {
  /** As `getPeer()` of its calls says it. */
  readonly peer: string;
  /** The address alone, '' if the client has gone already. */
  readonly address: string;
  /** What was accepted, under TLS. */
  readonly accepted: Socket | undefined;
  /** The certificate that the client showed and TLS verified. */
  readonly certificate: X509Certificate | undefined;
  /** Ends it at once. */
  readonly end: () => void;
  /** Called once, when it is over. */
  readonly onClose: (call: () => void) => void;
  /** Called for each request, before anybody looks at it: also for one that names no method. */
  readonly onRequest: (call: () => void) => void;
}

/** Longer names are cut: they are a stranger's words. Characters. */
const LONGEST_NAME = 300;

/**
 * Tells of each connection after its handshake and before its first request; call it once the server has its ports. Throws as
 * onRefusedHandshake does.
 */
export function onClientConnection(server: Server, call: (connection: ClientConnection) => void): void {
  for (const http2Server of http2ServersOf(server)) {
    const requests = new WeakMap<object, () => void>();
    let beginning = (): void => undefined;
    // Before Node's own listener, which makes the session: 'session' is emitted while it runs.
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

/** A TLS socket knows the one that it was made of (Node 24). */
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
 * The HTTP/2 servers behind a server. grpc-js keeps them to itself: this reads its field `http2Servers` (1.14), and throws
 * where that is not there.
 */
export function http2ServersOf(server: Server): EventEmitter[] {
  const servers = (server as unknown as { http2Servers?: unknown }).http2Servers;
  if (!(servers instanceof Map)) throw new Error('this version of grpc-js does not show its HTTP/2 servers');
  return [...servers.keys()].filter((one): one is EventEmitter => one instanceof EventEmitter);
}

/**
 * The HTTP/2 stream under a server's call. grpc-js keeps it to itself: this reads the field `stream` of the call's field `call`
 * (1.14). Undefined if that is not there.
 */
export function http2StreamOf(call: object): ServerHttp2Stream | undefined {
  const { stream } = (call as { call?: { stream?: unknown } }).call ?? {};
  return stream instanceof EventEmitter && 'sentHeaders' in stream
    ? (stream as ServerHttp2Stream)
    : undefined;
}

/**
 * Bounds the messages of a server's call, before they are kept; for an interceptor. grpc-js has one bound for all calls: this
 * sets `maxReadMessageLength` of the call's field `decoder` (1.14), and does nothing if that is not there.
 */
export function limitMessages(call: object, bytes: number): void {
  const { decoder } = call as { decoder?: { maxReadMessageLength?: number } };
  if (decoder?.maxReadMessageLength !== undefined) decoder.maxReadMessageLength = bytes;
}

/** `address:port`, IPv6 in brackets, for logs. */
export function peerOf({ remoteAddress, remotePort }: Socket): string {
  if (remoteAddress === undefined || remotePort === undefined) return 'unknown';
  return `${remoteAddress.includes(':') ? `[${remoteAddress}]` : remoteAddress}:${remotePort}`;
}

/** Whose a certificate is, by whom, from when to when, for an operator. */
export function whichOf({ subjectAltName, subject, issuer, validFrom, validTo }: X509Certificate): string {
  const name = (text: string | undefined) =>
    JSON.stringify((text ?? '').replaceAll('\n', ', ').slice(0, LONGEST_NAME));
  return [
    `it names ${name(subjectAltName ?? subject)}`,
    `is issued by ${name(issuer)}`,
    `and good from ${timeOf(validFrom)} to ${timeOf(validTo)}`,
  ].join(', ');
}

function timeOf(text: string): string {
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? 'an unreadable time' : new Date(ms).toISOString().replace('.000Z', 'Z');
}
