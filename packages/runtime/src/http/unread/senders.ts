import type { Ends } from './kernel-queues.ts';
import type { Client } from '../clients/places.ts';

/** A connection, as far as the bytes that its client has not read yet are concerned. */
export interface Sender<Occupant> {
  readonly client: Client<Occupant>;
  readonly ends: Ends;
  /** What may not have been read: known to be in the send queue, or written since that was seen. Bytes. */
  unread: number;
  /** Written since the look that is under way began. Bytes. */
  sinceLook: number;
  /** The answer that was written last. Bytes. */
  lastBytes: number;
}

export interface UnreadLimits {
  /** More than this in a connection's send queue means that its client does not read. Bytes. */
  readonly perConnection: number;
  /** Of one client, and of all: who is above it gets no answer before its send queues have been looked at. Bytes. */
  readonly perClient: number;
  readonly total: number;
}

/** Those who may not have read all that they were sent, and how much that is. */
export interface Senders<Occupant extends Sender<Occupant>> {
  readonly all: ReadonlySet<Occupant>;
  /** The connection has so many bytes more that may not have been read, or less. */
  readonly count: (connection: Occupant, bytes: number) => void;
  /** The connection counts for another client than this one from now on. */
  readonly moved: (connection: Occupant, from: Client<Occupant>) => void;
  /** Its client is, or all are, half-way to what may be left unread. */
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

/** Bytes by client, and of all. */
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
