import type { ClientConnection } from '@rolegate/protocol';

/** What is known of the connections beyond what each call says of its own. */
export interface ConnectionNodes {
  /** The node that the first call of the connection was for; every later one must be for the same. */
  readonly nodeOf: (peer: string) => string | undefined;
  readonly bind: (peer: string, node: string) => void;
  /** TLS verified the certificate that the connection showed; undefined: no such connection is known, or not any more. */
  readonly verified: (peer: string) => boolean | undefined;
  /** Takes note of a new connection. */
  readonly opened: (connection: Pick<ClientConnection, 'peer' | 'certificate' | 'onClose'>) => void;
}

interface OpenConnection {
  node?: string;
  readonly verified: boolean;
}

export function createConnectionNodes(): ConnectionNodes {
  const open = new Map<string, OpenConnection>();

  return {
    nodeOf: (peer) => open.get(peer)?.node,
    bind(peer, node) {
      const known = open.get(peer);
      // One that is closed already has no further calls.
      if (known !== undefined) known.node = node;
    },
    verified: (peer) => open.get(peer)?.verified,
    opened({ peer, certificate, onClose }) {
      const entry = { verified: certificate !== undefined };
      open.set(peer, entry);
      onClose(() => {
        if (open.get(peer) === entry) open.delete(peer);
      });
    },
  };
}
