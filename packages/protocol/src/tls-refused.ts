import type { X509Certificate } from 'node:crypto';
import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Server } from '@grpc/grpc-js';
import { http2ServersOf, peerOf, whichOf } from './connections.ts';
import type { UnverifiedCertificate } from './connections.ts';

/** A client that did not get through the handshake. */
export interface RefusedHandshake {
  /** Address and port, as far as they are known. */
  readonly peer: string;
  /** In an operator's words. */
  readonly fault: string;
}

/** Codes of Node's and OpenSSL's verification, what they mean here, and what helps. First fit counts. */
const MEANINGS: readonly (readonly [code: RegExp, means: string, advice?: string])[] = [
  [
    /CERT_HAS_EXPIRED/,
    "the client's certificate has expired, or this clock is wrong",
    "renew the client's --cert and --key, or set the clock",
  ],
  [
    /CERT_NOT_YET_VALID/,
    "the client's certificate is not valid yet, or this clock is wrong",
    'set the clocks of the client, of this server and of who issues',
  ],
  [
    /INVALID_PURPOSE/,
    "the client's certificate is not for clients",
    'issue one whose extended key usage has clientAuth',
  ],
  [/PEER_DID_NOT_RETURN/, 'the client showed no certificate', 'give the client --cert and --key'],
  [
    /SELF_SIGNED|UNABLE_TO|VERIFY_FAILED/,
    "the authority of the client's certificate is not in --ca",
    "add it to this server's --ca if it is yours, or issue the client's certificate by one that is in there",
  ],
  [
    /HANDSHAKE_TIMEOUT/,
    'the client did not finish its handshake in time',
    'see what it is that connects there',
  ],
  [/UNSUPPORTED_PROTOCOL/, 'the client does not speak TLS 1.3'],
  [/HTTP_REQUEST|WRONG_VERSION_NUMBER|PACKET_LENGTH/, 'the client does not speak TLS'],
  [/ALERT_UNKNOWN_CA/, 'the client does not know the authority of our certificate'],
  [/ECONNRESET/, 'the client left in the handshake; it may not take our certificate'],
];

/** Tells of handshakes that the server refused; call it after `bindAsync`. Throws where grpc-js shows no HTTP/2 servers. */
export function onRefusedHandshake(server: Server, call: (refused: RefusedHandshake) => void): void {
  for (const http2Server of http2ServersOf(server)) {
    const shown = certificatesShown(http2Server);
    // A closed socket still knows its peer when it was asked once before.
    http2Server.on('connection', peerOf);
    http2Server.on('tlsClientError', (error: Error, socket: TLSSocket & { readonly _parent?: Socket }) => {
      call({ peer: peerOf(socket._parent ?? socket), fault: faultOf(error, socket, shown(socket)) });
    });
  }
}

/** Of a certificate that came through the handshake although it does not verify: the words for one that does not. */
export function describeUnverified({ code, which }: UnverifiedCertificate): string {
  // It was held against the authorities of the server itself, whatever flags that has.
  return `${meaningOf(code).replace('in --ca', 'one that this server trusts')}; ${which}`;
}

/**
 * The certificate that a client showed, to be asked for when the handshake has been refused: the socket has dropped it by then.
 * Of a handshake under way Node shows the socket in 'keylog' alone; the secrets in there are wiped unread.
 */
function certificatesShown(http2Server: EventEmitter): (socket: TLSSocket) => X509Certificate | undefined {
  const shown = new WeakMap<TLSSocket, X509Certificate | undefined>();
  http2Server.on('keylog', (secret: Buffer, socket: TLSSocket) => {
    secret.fill(0);
    if (shown.has(socket)) return;
    shown.set(socket, undefined);
    // Before Node's own listener, which verifies and refuses: this one decides nothing.
    socket.prependOnceListener('secure', () => shown.set(socket, socket.getPeerX509Certificate()));
  });
  return (socket) => shown.get(socket);
}

/** A certificate that does not verify is known by the socket alone: the error is then a mere ECONNRESET. */
function faultOf(
  error: Error & { readonly code?: unknown },
  { authorizationError }: TLSSocket,
  shown: X509Certificate | undefined,
): string {
  // The types say Error; Node sets the code, or null.
  const unverified = authorizationError as unknown;
  const known = [unverified, error.code, error.message].find(
    (part) => typeof part === 'string' && part !== '',
  );
  const code = String(known);
  // Node says null or nothing where it did not come to verify one, or took it.
  const which = shown && typeof unverified === 'string' ? whichOf(shown) : undefined;
  const parts = [meaningOf(code), which, entryOf(code)?.[2]];
  return parts.filter((part) => part !== undefined).join('; ');
}

function entryOf(code: string) {
  return MEANINGS.find(([pattern]) => pattern.test(code));
}

function meaningOf(code: string): string {
  const meaning = entryOf(code)?.[1];
  return meaning === undefined ? code : `${meaning} (${code})`;
}
