import type { Ends } from './kernel-queues.ts';
import type { Client } from '../clients/places.ts';

/** The unread bytes of a connection. */
export interface Sender<Occupant> {
  readonly client: Client<Occupant>;
  readonly ends: Ends;
  /** What may be unread: seen in the send queue, or written since. Bytes. */
  unread: number;
  /** Written since the current look began. Bytes. */
  sinceLook: number;
  /** Size of the last answer. Bytes. */
  lastBytes: number;
}

export interface UnreadLimits {
  /** More in a connection's send queue means that its client does not read. Bytes. */
  readonly perConnection: number;
  /** For one client, and for all. Above it, a client gets no answer until its send queues have been read. Bytes. */
  readonly perClient: number;
  readonly total: number;
}

/** Connections that may not have read everything, and how much that is. */
export interface Senders<Occupant extends Sender<Occupant>> {
  readonly all: ReadonlySet<Occupant>;
  /** Adds to the bytes that may be unread, or subtracts from them. */
  readonly count: (connection: Occupant, bytes: number) => void;
  /** The connection now counts for another client than `from`. */
  readonly moved: (connection: Occupant, from: Client<Occupant>) => void;
  /** Its client, or all together, have used half of what may be unread. */
  readonly isNearLimit: (connection: Occupant) => boolean;
}

export function createSenders<Occupant extends Sender<Occupant>>(
  limits: UnreadLimits,
  tally: Tally,
): Senders<Occupant> {
  const all = new Set<Occupant>();
  return {
    all,
    count(connection, bytes) {
      const { group, name } = connection.client;
      connection.unread += bytes;
      tally.add(group.name, name, bytes);
      if (connection.unread > 0) all.add(connection);
      else all.delete(connection);
    },
    moved({ client, unread }, from) {
      tally.add(from.group.name, from.name, -unread);
      tally.add(client.group.name, client.name, unread);
    },
    isNearLimit: ({ client }) =>
      tally.of(client.group.name, client.name) > limits.perClient / 2 || tally.total() > limits.total / 2,
  };
}

export interface Tally {
  readonly add: (group: string, name: string, bytes: number) => void;
  readonly of: (group: string, name: string) => number;
  readonly total: () => number;
}

/** Bytes per client and in total. */
export function createTally(): Tally {
  const groups = new Map<string, Map<string, number>>();
  let total = 0;
  return {
    add(group, name, bytes) {
      total += bytes;
      let clients = groups.get(group);
      if (clients === undefined) groups.set(group, (clients = new Map<string, number>()));
      const sum = (clients.get(name) ?? 0) + bytes;
      if (sum > 0) clients.set(name, sum);
      else clients.delete(name);
      if (clients.size === 0) groups.delete(group);
    },
    of: (group, name) => groups.get(group)?.get(name) ?? 0,
    total: () => total,
  };
}
