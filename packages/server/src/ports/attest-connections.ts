import type { ClientConnection } from '@rolegate/protocol';
import { createShares } from '@rolegate/runtime';
import type { Clock } from '@rolegate/runtime';
import { networkOf } from '../limits/rate-limits.ts';
import type { PortLimitHit } from '../limits/limit-hits.ts';
import { createRepeatedCheck } from './repeated-check.ts';

/** Limits on connections to the attestation port (DESIGN.md 4.11). */
export interface AttestConnectionLimits {
  readonly total: number;
  /** A connection is closed after this time, even if it is busy. Milliseconds. */
  readonly lifeMs: number;
  /** The most calls of a connection; an agent makes one. */
  readonly calls: number;
  /** The most bytes received on a connection: twice a handshake, a head and a message of 16 KiB. */
  readonly bytes: number;
}

const ATTEST_CONNECTION_LIMITS: AttestConnectionLimits = {
  total: 512,
  lifeMs: 5_000,
  calls: 4,
  bytes: 64 * 1024,
};

/** How often received bytes are checked. Milliseconds. */
const CHECK_MS = 100;

export interface AttestConnectionsDeps {
  readonly limits?: AttestConnectionLimits;
  readonly clock: Clock;
  readonly hit: PortLimitHit;
}

export interface AttestConnections {
  readonly opened: (connection: ClientConnection) => void;
  /** Marks the connection while it presents a token that names a live agent Pod; the returned function ends that. */
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
 * Limits the connections of strangers. At the limit, of the address with the most, the oldest connection that presents no agent's
 * token is closed; if all present one, the oldest of the address with the most.
 */
export function createAttestConnections(deps: AttestConnectionsDeps): AttestConnections {
  const { limits = ATTEST_CONNECTION_LIMITS, clock, hit } = deps;
  const entries = createEntries();
  const startChecking = createRepeatedCheck({
    clock,
    everyMs: CHECK_MS,
    check() {
      for (const entry of entries.all())
        if ((entry.connection.accepted?.bytesRead ?? 0) > limits.bytes) evict(entry, 'connection_bytes');
    },
    isNeeded: () => entries.size() > 0,
  });

  function close(entry: Entry): void {
    entries.remove(entry);
    entry.connection.end();
  }

  function evict(entry: Entry, limit: 'attest_connections' | 'attest_calls' | 'connection_bytes'): void {
    hit(limit, { address: entry.address });
    close(entry);
  }

  return {
    opened(connection) {
      const oldest = entries.size() >= limits.total ? entries.first() : undefined;
      if (oldest !== undefined) evict(oldest, 'attest_connections');
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
        // Deferred, because grpc-js is about to hand over the call, and needs its stream.
        if (entry.calls === limits.calls + 1)
          setImmediate(() => {
            evict(entry, 'attest_calls');
          });
      });
      startChecking();
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

/** The open connections by peer, with the order of eviction. */
function createEntries() {
  const entries = new Map<string, Entry>();
  const withoutToken = createShares<Entry>();
  const withToken = createShares<Entry>();
  /** Removes an entry from its share. */
  const leaves = new Map<Entry, () => void>();

  function enter(entry: Entry): void {
    const shares = entry.showing > 0 ? withToken : withoutToken;
    const place = shares.add(entry.address, entry);
    leaves.set(entry, () => {
      shares.remove(entry.address, place);
    });
  }

  return {
    size: () => entries.size,
    get: (peer: string) => entries.get(peer),
    all: () => [...entries.values()],
    first: () => withoutToken.oldestOfMost() ?? withToken.oldestOfMost(),
    add: (entry: Entry): void => {
      entries.set(entry.connection.peer, entry);
      enter(entry);
    },
    /** Does nothing if it was already removed. */
    remove: (entry: Entry): void => {
      leaves.get(entry)?.();
      leaves.delete(entry);
      const { peer } = entry.connection;
      if (entries.get(peer) === entry) entries.delete(peer);
    },
    /** The connection presents one agent's token more or less. */
    show: (entry: Entry, by: 1 | -1): void => {
      if (entries.get(entry.connection.peer) !== entry) return;
      entry.showing += by;
      leaves.get(entry)?.();
      enter(entry);
    },
  };
}
