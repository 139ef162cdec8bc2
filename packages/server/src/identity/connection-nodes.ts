import { describeUnverified } from '@rolegate/protocol';
import type { ClientConnection } from '@rolegate/protocol';
import type { Clock } from '@rolegate/runtime';

/** A connection without a certificate is there to attest; then it is ended. Milliseconds. */
const NAMELESS_FOR_MS = 30_000;

/** What is known of the connections beyond what each call says of its own. */
export interface ConnectionNodes {
  /** The node that the first call of the connection was for; every later one must be for the same. */
  nodeOf(peer: string): string | undefined;
  bind(peer: string, node: string): void;
  /** Why the certificate that the connection showed does not count; undefined where it showed none, or a good one. */
  faultOf(peer: string): CertificateFault | undefined;
  /** TLS verified the certificate that the connection showed; undefined: no such connection is known, or not any more. */
  verified(peer: string): boolean | undefined;
  /** Takes note of a new connection. */
  readonly opened: (connection: ClientConnection) => void;
}

export interface CertificateFault {
  readonly message: string;
  /** It is only out of its time. */
  readonly ranOut: boolean;
}

/** Node's codes (tls, X509 certificate error codes). */
const OUT_OF_TIME = ['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID'];

export interface ConnectionNodesDeps {
  readonly clock: Clock;
  /** A client showed a certificate that does not verify. */
  readonly unverified: (refused: { peer: string; fault: string }) => void;
}

interface OpenConnection {
  node?: string;
  readonly fault: CertificateFault | undefined;
  readonly verified: boolean;
}

export function createConnectionNodes({ clock, unverified }: ConnectionNodesDeps): ConnectionNodes {
  const open = new Map<string, OpenConnection>();

  return {
    nodeOf: (peer) => open.get(peer)?.node,
    bind(peer, node) {
      const known = open.get(peer);
      // One that is closed already has no further calls.
      if (known !== undefined) known.node = node;
    },
    faultOf: (peer) => open.get(peer)?.fault,
    verified: (peer) => open.get(peer)?.verified,
    opened(connection) {
      const { peer } = connection;
      const fault = connection.unverified && {
        message: describeUnverified(connection.unverified),
        ranOut: OUT_OF_TIME.includes(connection.unverified.code),
      };
      if (fault !== undefined) unverified({ peer, fault: fault.message });
      const entry = { fault, verified: connection.verified };
      open.set(peer, entry);
      const cancel = connection.verified ? () => undefined : clock.schedule(NAMELESS_FOR_MS, connection.end);
      connection.onClose(() => {
        cancel();
        if (open.get(peer) === entry) open.delete(peer);
      });
    },
  };
}
