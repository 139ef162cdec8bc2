import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Server } from '@grpc/grpc-js';

/** A client that did not get through the handshake. */
export interface RefusedHandshake {
  /** Address and port, as far as they are known. */
  readonly peer: string;
  /** In an operator's words. */
  readonly fault: string;
}

/** Codes of Node's and OpenSSL's verification, and what they mean here. First fit counts. */
const MEANINGS: readonly (readonly [RegExp, string])[] = [
  [/CERT_HAS_EXPIRED/, "the client's certificate has expired, or this clock is wrong"],
  [/CERT_NOT_YET_VALID/, "the client's certificate is not valid yet, or this clock is wrong"],
  [/INVALID_PURPOSE/, "the client's certificate is not for clients"],
  [
    /UNABLE_TO_GET_ISSUER_CERT$|PEER_DID_NOT_RETURN/,
    'the client showed no certificate, or one whose authority is not in --ca',
  ],
  [/SELF_SIGNED|UNABLE_TO|VERIFY_FAILED/, "the authority of the client's certificate is not in --ca"],
  [/UNSUPPORTED_PROTOCOL/, 'the client does not speak TLS 1.3'],
  [/HTTP_REQUEST|WRONG_VERSION_NUMBER|PACKET_LENGTH/, 'the client does not speak TLS'],
  [/ALERT_UNKNOWN_CA/, 'the client does not know the authority of our certificate'],
  [/ECONNRESET/, 'the client left in the handshake; it may not take our certificate'],
];

/**
 * Tells of handshakes that the server refused; call it after `bindAsync`. grpc-js keeps its HTTP/2 servers to itself and
 * tells nobody: this reads its field `http2Servers` (1.14), and throws where that is not there.
 */
export function onRefusedHandshake(server: Server, call: (refused: RefusedHandshake) => void): void {
  const servers = (server as unknown as { http2Servers?: unknown }).http2Servers;
  if (!(servers instanceof Map)) throw new Error('this version of grpc-js does not show its HTTP/2 servers');
  for (const http2Server of servers.keys()) {
    if (!(http2Server instanceof EventEmitter)) continue;
    // A closed socket still knows its peer when it was asked once before.
    http2Server.on('connection', peerOf);
    http2Server.on('tlsClientError', (error: Error, socket: TLSSocket & { readonly _parent?: Socket }) => {
      call({ peer: peerOf(socket._parent ?? socket), fault: faultOf(error, socket) });
    });
  }
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  if (remoteAddress === undefined || remotePort === undefined) return 'unknown';
  return `${remoteAddress.includes(':') ? `[${remoteAddress}]` : remoteAddress}:${remotePort}`;
}

/** A certificate that does not verify is known by the socket alone: the error is then a mere ECONNRESET. */
function faultOf(error: Error & { readonly code?: unknown }, { authorizationError }: TLSSocket): string {
  // The types say Error; Node sets the code, or null.
  const unverified = authorizationError as unknown;
  const code = [unverified, error.code, error.message].find(
    (part) => typeof part === 'string' && part !== '',
  );
  const text = String(code);
  const meaning = MEANINGS.find(([pattern]) => pattern.test(text))?.[1];
  return meaning === undefined ? text : `${meaning} (${text})`;
}
