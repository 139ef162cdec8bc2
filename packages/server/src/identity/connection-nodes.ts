import type { ClientConnection } from '@rolegate/protocol';
import { createCounts } from '@rolegate/runtime';
import { networkOf } from '../limits/rate-limits.ts';

/** What is known about open connections, beyond each call. */
export interface ConnectionNodes {
  /** The node of the connection's first call; later calls must be for the same node. */
  readonly nodeOf: (peer: string) => string | undefined;
  readonly bind: (peer: string, node: string) => void;
  /** Whether TLS verified the connection's certificate; undefined if the connection is not open. */
  readonly verified: (peer: string) => boolean | undefined;
  /** Whether an open connection from this address (for IPv6 its /64) has a verified certificate. */
  readonly isAgents: (address: string) => boolean;
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
  /** Addresses of verified connections. */
  const addresses = createCounts<string>();

  return {
    nodeOf: (peer) => open.get(peer)?.node,
    bind(peer, node) {
      const known = open.get(peer);
      // A connection that is already closed has no further calls.
      if (known !== undefined) known.node = node;
    },
    verified: (peer) => open.get(peer)?.verified,
    isAgents: (address) => addresses.of(networkOf(address)) > 0,
    opened({ peer, address, certificate, onClose }) {
      const entry = { verified: certificate !== undefined };
      const network = networkOf(address);
      open.set(peer, entry);
      if (entry.verified) addresses.add(network);
      onClose(() => {
        if (entry.verified) addresses.remove(network);
        if (open.get(peer) === entry) open.delete(peer);
      });
    },
  };
}
