import type { X509Certificate } from 'node:crypto';
import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Server } from '@grpc/grpc-js';
import { http2ServersOf, peerOf, whichOf } from './connections.ts';
import type { HasParent } from './connections.ts';

/** Why a handshake failed, for a metric. */
export const handshakeFaults = ['no_certificate', 'certificate', 'protocol', 'timeout', 'left'] as const;
export type HandshakeFault = (typeof handshakeFaults)[number];

/** A client that did not complete the handshake. */
export interface RefusedHandshake {
  /** Address and port, as far as known. */
  readonly peer: string;
  readonly why: HandshakeFault;
  /** For operators. */
  readonly fault: string;
  /** What to do, if known. */
  readonly hint: string | undefined;
  /** The accepted socket under TLS. */
  readonly accepted: Socket | undefined;
}

interface Meaning {
  /** Error code of Node's or OpenSSL's verification. */
  readonly code: RegExp;
  readonly why: HandshakeFault;
  readonly means: string;
  readonly hint?: string;
}

/** The first match is used. */
const MEANINGS: readonly Meaning[] = [
  {
    code: /CERT_HAS_EXPIRED/,
    why: 'certificate',
    means: "the client's certificate has expired, or this machine's clock is wrong",
    hint: "Renew the client's --cert and --key, or correct the clock.",
  },
  {
    code: /CERT_NOT_YET_VALID/,
    why: 'certificate',
    means: "the client's certificate is not valid yet, or this machine's clock is wrong",
    hint: 'Correct the clocks of the client, of this server and of the issuer.',
  },
  {
    code: /INVALID_PURPOSE/,
    why: 'certificate',
    means: "the client's certificate is not a client certificate",
    hint: 'Issue one with extended key usage clientAuth.',
  },
  {
    code: /PEER_DID_NOT_RETURN/,
    why: 'no_certificate',
    means: 'the client presented no certificate',
    hint: 'Set --cert and --key on the client.',
  },
  {
    code: /SELF_SIGNED|UNABLE_TO|VERIFY_FAILED/,
    why: 'certificate',
    means: "this server does not trust the authority of the client's certificate",
    hint: "If the authority is yours, add it to this server's --ca. Otherwise issue the client's certificate by one that is in --ca.",
  },
  {
    code: /HANDSHAKE_TIMEOUT/,
    why: 'timeout',
    means: 'the client did not complete the handshake in time',
    hint: 'Find out which program connects from there.',
  },
  { code: /UNSUPPORTED_PROTOCOL/, why: 'protocol', means: 'the client does not speak TLS 1.3' },
  {
    code: /HTTP_REQUEST|WRONG_VERSION_NUMBER|PACKET_LENGTH/,
    why: 'protocol',
    means: 'the client does not speak TLS',
  },
  {
    code: /ALERT_UNKNOWN_CA/,
    why: 'left',
    means: 'the client does not trust the authority of our certificate',
  },
  {
    code: /ECONNRESET/,
    why: 'left',
    means: 'the client disconnected during the handshake; it may have rejected our certificate',
  },
];

/**
 * Calls for handshakes that the server refused. Use it when the server has its ports. Throws if grpc-js has no HTTP/2
 * servers.
 */
export function onRefusedHandshake(server: Server, call: (refused: RefusedHandshake) => void): void {
  for (const http2Server of http2ServersOf(server)) {
    const presented = presentedCertificates(http2Server);
    // A closed socket still knows its peer if it was read before.
    http2Server.on('connection', peerOf);
    http2Server.on('tlsClientError', (error: Error, socket: TLSSocket & HasParent) => {
      const accepted = socket._parent;
      call({
        peer: peerOf(accepted ?? socket),
        accepted,
        ...faultOf(error, socket, presented(socket)),
      });
    });
  }
}

/**
 * Remembers the certificate that a client presented, because the socket has dropped it once the handshake is refused.
 * During a handshake Node exposes the socket only in 'keylog', whose secrets are wiped unread.
 */
function presentedCertificates(
  http2Server: EventEmitter,
): (socket: TLSSocket) => X509Certificate | undefined {
  const presented = new WeakMap<TLSSocket, X509Certificate | undefined>();
  http2Server.on('keylog', (secret: Buffer, socket: TLSSocket) => {
    secret.fill(0);
    if (presented.has(socket)) return;
    presented.set(socket, undefined);
    // Runs before Node's own listener, which verifies and refuses. This one only reads.
    socket.prependOnceListener('secure', () => presented.set(socket, socket.getPeerX509Certificate()));
  });
  return (socket) => presented.get(socket);
}

/** Only the socket tells that a certificate does not verify. The error is a plain ECONNRESET. */
function faultOf(
  error: Error & { readonly code?: unknown },
  { authorizationError }: TLSSocket,
  presented: X509Certificate | undefined,
): Pick<RefusedHandshake, 'why' | 'fault' | 'hint'> {
  // The types say Error, but Node sets the code.
  const unverified = authorizationError as unknown;
  const known = [unverified, error.code, error.message].find(
    (part) => typeof part === 'string' && part !== '',
  );
  const code = String(known);
  const meaning = MEANINGS.find((entry) => entry.code.test(code));
  const words = meaning === undefined ? code : `${meaning.means} (${code})`;
  // Null or undefined if Node did not get to verify one, or accepted it.
  const which = presented && typeof unverified === 'string' ? whichOf(presented) : undefined;
  return {
    why: meaning?.why ?? 'protocol',
    fault: which === undefined ? words : `${words}; ${which}`,
    hint: meaning?.hint,
  };
}
