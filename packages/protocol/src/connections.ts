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
  /** Where the client showed a certificate that does not verify: Node's code. Its calls look as if it had shown none. */
  readonly unverified: UnverifiedCertificate | undefined;
  /** Where the certificate verifies. */
  readonly verified: boolean;
  /** Ends it at once. */
  readonly end: () => void;
  /** Called once, when it is over. */
  onClose(call: () => void): void;
}

export interface UnverifiedCertificate {
  readonly code: string;
  /** Which certificate and since when, for an operator. */
  readonly which: string;
}

/** Longer names are cut: they are a stranger's words. Characters. */
const LONGEST_NAME = 300;

/** Tells of each connection after its handshake; call it after `bindAsync`. Throws as onRefusedHandshake does. */
export function onClientConnection(server: Server, call: (connection: ClientConnection) => void): void {
  for (const http2Server of http2ServersOf(server)) {
    http2Server.on('secureConnection', (socket: TLSSocket) => {
      const { certificate, unverified } = shownBy(socket);
      call({
        peer: `${socket.remoteAddress ?? ''}:${socket.remotePort ?? ''}`,
        unverified,
        verified: certificate && unverified === undefined,
        end: () => socket.destroy(),
        onClose: (over) => socket.once('close', over),
      });
    });
  }
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

/** Whose a certificate is, by whom, from when to when: as UnverifiedCertificate has it. */
export function whichOf({ subjectAltName, subject, issuer, validFrom, validTo }: X509Certificate): string {
  const name = (text: string | undefined) =>
    JSON.stringify((text ?? '').replaceAll('\n', ', ').slice(0, LONGEST_NAME));
  return [
    `it names ${name(subjectAltName ?? subject)}`,
    `is issued by ${name(issuer)}`,
    `and good from ${timeOf(validFrom)} to ${timeOf(validTo)}`,
  ].join(', ');
}

function shownBy(socket: TLSSocket): { certificate: boolean; unverified: UnverifiedCertificate | undefined } {
  const shown = socket.getPeerX509Certificate();
  if (shown === undefined) return { certificate: false, unverified: undefined };
  if (socket.authorized) return { certificate: true, unverified: undefined };
  // The types say Error; Node sets the code.
  const code = String(socket.authorizationError);
  return { certificate: true, unverified: { code, which: whichOf(shown) } };
}

function timeOf(text: string): string {
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? 'an unreadable time' : new Date(ms).toISOString().replace('.000Z', 'Z');
}
