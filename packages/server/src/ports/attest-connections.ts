import type { ClientConnection } from '@rolegate/protocol';
import { createShares } from '@rolegate/runtime';
import type { Clock } from '@rolegate/runtime';
import { networkOf } from '../limits/rate-limits.ts';
import type { PortLimitHit } from '../limits/limit-hits.ts';
import { createRepeatedLook } from './repeated-look.ts';

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
}

/**
 * Bounds the connections that strangers may have. At the limit the oldest that shows no agent's token gives way, of the
 * address with the most of these; if all show one, the oldest of the address with the most.
 */
export function createAttestConnections(deps: AttestConnectionsDeps): AttestConnections {
  const { limits = ATTEST_CONNECTION_LIMITS, clock, hit } = deps;
  const entries = createEntries();
  const beginLooking = createRepeatedLook({
    clock,
    everyMs: LOOK_MS,
    look() {
      for (const entry of entries.all())
        if ((entry.connection.accepted?.bytesRead ?? 0) > limits.bytes) displace(entry, 'connection_bytes');
    },
    isNeeded: () => entries.size() > 0,
  });

  function close(entry: Entry): void {
    entries.remove(entry);
    entry.connection.end();
  }

  function displace(entry: Entry, limit: 'attest_connections' | 'attest_calls' | 'connection_bytes'): void {
    hit(limit, { address: entry.address });
    close(entry);
  }

  return {
    opened(connection) {
      const oldest = entries.size() >= limits.total ? entries.first() : undefined;
      if (oldest !== undefined) displace(oldest, 'attest_connections');
      const entry: Entry = { connection, address: networkOf(connection.address), calls: 0, showing: 0 };
      entries.add(entry);
      const cancel = clock.schedule(limits.lifeMs, () => {
        close(entry);
      });
      connection.onClose(() => {
        cancel();
        entries.remove(entry);
      });
      connection.onRequest(() => {
        entry.calls += 1;
        // Not now: the call is about to be handed over, on a stream that must still be there.
        if (entry.calls === limits.calls + 1)
          setImmediate(() => {
            displace(entry, 'attest_calls');
          });
      });
      beginLooking();
    },
    showing(peer) {
      const entry = entries.get(peer);
      if (entry === undefined) return () => undefined;
      entries.show(entry, 1);
      return () => {
        entries.show(entry, -1);
      };
    },
    size: entries.size,
  };
}

/** The open connections, by peer, and which of them gives way first. */
function createEntries() {
  const entries = new Map<string, Entry>();
  const bare = createShares<Entry>();
  const shown = createShares<Entry>();
  /** Takes each entry out of its share. */
  const leaves = new Map<Entry, () => void>();

  function enter(entry: Entry): void {
    const shares = entry.showing > 0 ? shown : bare;
    const place = shares.add(entry.address, entry);
    leaves.set(entry, () => {
      shares.remove(entry.address, place);
    });
  }

  return {
    size: () => entries.size,
    get: (peer: string) => entries.get(peer),
    all: () => [...entries.values()],
    first: () => bare.oldestOfMost() ?? shown.oldestOfMost(),
    add: (entry: Entry): void => {
      entries.set(entry.connection.peer, entry);
      enter(entry);
    },
    /** Does nothing if it is gone. */
    remove: (entry: Entry): void => {
      leaves.get(entry)?.();
      leaves.delete(entry);
      const { peer } = entry.connection;
      if (entries.get(peer) === entry) entries.delete(peer);
    },
    /** One token more or less of an agent is being looked at. */
    show: (entry: Entry, by: 1 | -1): void => {
      if (entries.get(entry.connection.peer) !== entry) return;
      entry.showing += by;
      leaves.get(entry)?.();
      enter(entry);
    },
  };
}
