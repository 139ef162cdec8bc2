import type { ClientConnection } from '@rolegate/protocol';
import { createShares } from '@rolegate/runtime';
import type { Clock, Shares } from '@rolegate/runtime';
import { networkOf } from '../limits/rate-limits.ts';
import type { PortLimitHit } from '../limits/limit-hits.ts';

/** Bounds of connections to the attestation port (DESIGN.md 4.11). */
export interface AttestConnectionLimits {
  readonly total: number;
  /** A connection is closed after this, whether or not it is busy. Milliseconds. */
  readonly lifeMs: number;
  /** Calls of one connection in its life; an agent makes one. */
  readonly calls: number;
  /** What may come in on one connection: a handshake, a head and a message of 16 KiB, twice. Bytes. */
  readonly bytes: number;
}

const ATTEST_CONNECTION_LIMITS: AttestConnectionLimits = {
  total: 512,
  lifeMs: 5_000,
  calls: 4,
  bytes: 64 * 1024,
};

/** How often it is looked how much has come in. Milliseconds. */
const LOOK_MS = 100;

export interface AttestConnectionsDeps {
  readonly limits?: AttestConnectionLimits;
  readonly clock: Clock;
  readonly hit: PortLimitHit;
}

export interface AttestConnections {
  readonly opened: (connection: ClientConnection) => void;
  /** A token that names a live agent Pod is being looked at on this connection; the returned function ends that. */
  readonly showing: (peer: string) => () => void;
  readonly size: () => number;
}

interface Entry {
  readonly connection: ClientConnection;
  readonly address: string;
  calls: number;
  showing: number;
  leave: () => void;
}

/**
 * Bounds the connections that strangers may have. At the limit the oldest that shows no agent's token gives way, of the
 * address with the most of these; if all show one, the oldest of the address with the most.
 */
export function createAttestConnections(deps: AttestConnectionsDeps): AttestConnections {
  const { limits = ATTEST_CONNECTION_LIMITS, clock, hit } = deps;
  const entries = new Map<string, Entry>();
  const bare = createShares<Entry>();
  const shown = createShares<Entry>();
  let cancelLook: (() => void) | undefined;

  function close(entry: Entry): void {
    forget(entry);
    entry.connection.end();
  }

  function displace(entry: Entry, limit: 'attest_connections' | 'attest_calls' | 'connection_bytes'): void {
    hit(limit, { address: entry.address });
    close(entry);
  }

  function forget(entry: Entry): void {
    const { peer } = entry.connection;
    entry.leave();
    entry.leave = () => undefined;
    if (entries.get(peer) === entry) entries.delete(peer);
  }

  function enter(entry: Entry, shares: Shares<Entry>): void {
    const place = shares.add(entry.address, entry);
    entry.leave = () => {
      shares.remove(entry.address, place);
    };
  }

  function move(entry: Entry, by: 1 | -1): void {
    if (entries.get(entry.connection.peer) !== entry) return;
    entry.showing += by;
    entry.leave();
    enter(entry, entry.showing > 0 ? shown : bare);
  }

  function look(): void {
    for (const entry of [...entries.values()])
      if ((entry.connection.accepted?.bytesRead ?? 0) > limits.bytes) displace(entry, 'connection_bytes');
    cancelLook = entries.size === 0 ? undefined : clock.schedule(LOOK_MS, look);
  }

  return {
    opened(connection) {
      if (entries.size >= limits.total) {
        const oldest = bare.oldestOfMost() ?? shown.oldestOfMost();
        if (oldest !== undefined) displace(oldest, 'attest_connections');
      }
      const address = networkOf(connection.address);
      const entry: Entry = { connection, address, calls: 0, showing: 0, leave: () => undefined };
      entries.set(connection.peer, entry);
      enter(entry, bare);
      const cancel = clock.schedule(limits.lifeMs, () => {
        close(entry);
      });
      connection.onClose(() => {
        cancel();
        forget(entry);
      });
      connection.onRequest(() => {
        entry.calls += 1;
        // Not now: the call is about to be handed over, on a stream that must still be there.
        if (entry.calls === limits.calls + 1)
          setImmediate(() => {
            displace(entry, 'attest_calls');
          });
      });
      cancelLook ??= clock.schedule(LOOK_MS, look);
    },
    showing(peer) {
      const entry = entries.get(peer);
      if (entry === undefined) return () => undefined;
      move(entry, 1);
      return () => {
        move(entry, -1);
      };
    },
    size: () => entries.size,
  };
}
