import type { X509Certificate } from 'node:crypto';
import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Server } from '@grpc/grpc-js';
import { http2ServersOf, peerOf, whichOf } from './connections.ts';
import type { HasParent } from './connections.ts';

/** Why a handshake came to nothing, for a metric. */
export const handshakeFaults = ['no_certificate', 'certificate', 'protocol', 'timeout', 'left'] as const;
export type HandshakeFault = (typeof handshakeFaults)[number];

/** A client that did not get through the handshake. */
export interface RefusedHandshake {
  /** Address and port, as far as they are known. */
  readonly peer: string;
  readonly why: HandshakeFault;
  /** In an operator's words. */
  readonly fault: string;
  /** What helps, if it is known. */
  readonly hint: string | undefined;
  /** What was accepted, under TLS. */
  readonly accepted: Socket | undefined;
}

interface Meaning {
  /** Of Node's and OpenSSL's verification. */
  readonly code: RegExp;
  readonly why: HandshakeFault;
  readonly means: string;
  readonly hint?: string;
}

/** The first that fits counts. */
const MEANINGS: readonly Meaning[] = [
  {
    code: /CERT_HAS_EXPIRED/,
    why: 'certificate',
    means: "the client's certificate has expired, or this clock is wrong",
    hint: "renew the client's --cert and --key, or set the clock",
  },
  {
    code: /CERT_NOT_YET_VALID/,
    why: 'certificate',
    means: "the client's certificate is not valid yet, or this clock is wrong",
    hint: 'set the clocks of the client, of this server and of who issues',
  },
  {
    code: /INVALID_PURPOSE/,
    why: 'certificate',
    means: "the client's certificate is not for clients",
    hint: 'issue one whose extended key usage has clientAuth',
  },
  {
    code: /PEER_DID_NOT_RETURN/,
    why: 'no_certificate',
    means: 'the client showed no certificate',
    hint: 'give the client --cert and --key',
  },
  {
    code: /SELF_SIGNED|UNABLE_TO|VERIFY_FAILED/,
    why: 'certificate',
    means: "the authority of the client's certificate is not one that this server trusts",
    hint: "add it to this server's --ca if it is yours, or issue the client's certificate by one that is in there",
  },
  {
    code: /HANDSHAKE_TIMEOUT/,
    why: 'timeout',
    means: 'the client did not finish its handshake in time',
    hint: 'see what it is that connects there',
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
    means: 'the client does not know the authority of our certificate',
  },
  {
    code: /ECONNRESET/,
    why: 'left',
    means: 'the client left in the handshake; it may not take our certificate',
  },
];

/** Tells of handshakes that the server refused; call it once the server has its ports. Throws where grpc-js shows no HTTP/2 servers. */
export function onRefusedHandshake(server: Server, call: (refused: RefusedHandshake) => void): void {
  for (const http2Server of http2ServersOf(server)) {
    const shown = certificatesShown(http2Server);
    // A closed socket still knows its peer when it was asked once before.
    http2Server.on('connection', peerOf);
    http2Server.on('tlsClientError', (error: Error, socket: TLSSocket & HasParent) => {
      const accepted = socket._parent;
      call({
        peer: peerOf(accepted ?? socket),
        accepted,
        ...faultOf(error, socket, shown(socket)),
      });
    });
  }
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
): Pick<RefusedHandshake, 'why' | 'fault' | 'hint'> {
  // The types say Error; Node sets the code.
  const unverified = authorizationError as unknown;
  const known = [unverified, error.code, error.message].find(
    (part) => typeof part === 'string' && part !== '',
  );
  const code = String(known);
  const meaning = MEANINGS.find((entry) => entry.code.test(code));
  const words = meaning === undefined ? code : `${meaning.means} (${code})`;
  // Node says null or nothing if it did not come to verify one, or took it.
  const which = shown && typeof unverified === 'string' ? whichOf(shown) : undefined;
  return {
    why: meaning?.why ?? 'protocol',
    fault: which === undefined ? words : `${words}; ${which}`,
    hint: meaning?.hint,
  };
}
