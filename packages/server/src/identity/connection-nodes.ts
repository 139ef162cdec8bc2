import type { ClientConnection } from '@rolegate/protocol';
import { networkOf } from '../limits/rate-limits.ts';

/** What is known of the connections beyond what each call says of its own. */
export interface ConnectionNodes {
  /** The node that the first call of the connection was for; every later one must be for the same. */
  readonly nodeOf: (peer: string) => string | undefined;
  readonly bind: (peer: string, node: string) => void;
  /** TLS verified the certificate that the connection showed; undefined: no such connection is known, or not any more. */
  readonly verified: (peer: string) => boolean | undefined;
  /** Some open connection from this address, an IPv6 /64 being one, showed a certificate that TLS verified. */
  readonly isAgents: (address: string) => boolean;
  /** Takes note of a new connection. */
  readonly opened: (
    connection: Pick<ClientConnection, 'peer' | 'address' | 'certificate' | 'onClose'>,
  ) => void;
}

interface OpenConnection {
  node?: string;
  readonly verified: boolean;
}

export function createConnectionNodes(): ConnectionNodes {
  const open = new Map<string, OpenConnection>();
  /** How many of them are verified, by address. */
  const addresses = new Map<string, number>();

  function count(address: string, by: 1 | -1): void {
    const left = (addresses.get(address) ?? 0) + by;
    if (left > 0) addresses.set(address, left);
    else addresses.delete(address);
  }

  return {
    nodeOf: (peer) => open.get(peer)?.node,
    bind(peer, node) {
      const known = open.get(peer);
      // One that is closed already has no further calls.
      if (known !== undefined) known.node = node;
    },
    verified: (peer) => open.get(peer)?.verified,
    isAgents: (address) => addresses.has(networkOf(address)),
    opened({ peer, address, certificate, onClose }) {
      const entry = { verified: certificate !== undefined };
      const network = networkOf(address);
      open.set(peer, entry);
      if (entry.verified) count(network, 1);
      onClose(() => {
        if (entry.verified) count(network, -1);
        if (open.get(peer) === entry) open.delete(peer);
      });
    },
  };
}
