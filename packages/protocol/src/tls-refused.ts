import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Server } from '@grpc/grpc-js';
import { http2ServersOf, peerOf } from './connections.ts';
import type { UnverifiedCertificate } from './connections.ts';

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

/** Tells of handshakes that the server refused; call it after `bindAsync`. Throws where grpc-js shows no HTTP/2 servers. */
export function onRefusedHandshake(server: Server, call: (refused: RefusedHandshake) => void): void {
  for (const http2Server of http2ServersOf(server)) {
    // A closed socket still knows its peer when it was asked once before.
    http2Server.on('connection', peerOf);
    http2Server.on('tlsClientError', (error: Error, socket: TLSSocket & { readonly _parent?: Socket }) => {
      call({ peer: peerOf(socket._parent ?? socket), fault: faultOf(error, socket) });
    });
  }
}

/** Of a certificate that came through the handshake although it does not verify: the words for one that does not. */
export function describeUnverified({ code, which }: UnverifiedCertificate): string {
  // It was held against the authorities of the server itself, whatever flags that has.
  return `${meaningOf(code).replace('in --ca', 'one that this server trusts')}; ${which}`;
}

/** A certificate that does not verify is known by the socket alone: the error is then a mere ECONNRESET. */
function faultOf(error: Error & { readonly code?: unknown }, { authorizationError }: TLSSocket): string {
  // The types say Error; Node sets the code, or null.
  const unverified = authorizationError as unknown;
  const code = [unverified, error.code, error.message].find(
    (part) => typeof part === 'string' && part !== '',
  );
  return meaningOf(String(code));
}

function meaningOf(code: string): string {
  const meaning = MEANINGS.find(([pattern]) => pattern.test(code))?.[1];
  return meaning === undefined ? code : `${meaning} (${code})`;
}
