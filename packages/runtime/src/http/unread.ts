import type { Client } from './places.ts';
import type { SendQueues, TcpFamily } from './kernel-queues.ts';

/** A connection, as far as the bytes that its client has not read yet are concerned. */
export interface Sender<Occupant> {
  readonly client: Client<Occupant>;
  /** What may not have been read: known to be in the send queue, or written since that was seen. Bytes. */
  unread: number;
  /** Written since the look that is under way began. Bytes. */
  sinceLook: number;
  /** The answer that was written last. Bytes. */
  lastBytes: number;
}

/** A row of the kernel's tables. */
export interface Located {
  readonly family: TcpFamily;
  /** As `rowKey` makes it. */
  readonly key: string;
}

export interface UnreadLimits {
  /** More than this in a connection's send queue means that its client does not read. Bytes. */
  readonly perConnection: number;
  /** Of one client, and of all: who is above it gets no answer before its send queues have been looked at. Bytes. */
  readonly perClient: number;
  readonly total: number;
}

export interface UnreadDeps<Occupant extends Sender<Occupant>> {
  readonly limits: UnreadLimits;
  readonly readQueues: (family: TcpFamily) => Promise<SendQueues>;
  /** Where the connection stands in the kernel's tables. */
  readonly locate: (connection: Occupant) => Located;
  /** The client does not read: the connection is to be reset, and what it left unread with it. */
  readonly reset: (connection: Occupant) => void;
  /** A look is over: who had to wait may try again. */
  readonly looked: () => void;
  /** The send queues cannot be read. */
  readonly failed: (error: unknown) => void;
  readonly schedule: (delayMs: number, call: () => void) => unknown;
  readonly now: () => number;
}

export interface Unread<Occupant extends Sender<Occupant>> {
  readonly wrote: (connection: Occupant, bytes: number) => void;
  /** False: its client has to wait for the next look, which `looked` reports. */
  readonly mayAnswer: (connection: Occupant) => boolean;
  /** The connection is gone, and its queue with it. */
  readonly gone: (connection: Occupant) => void;
  /** True if the connection must end with its next answer: the send queues cannot be read, and it has been sent enough. */
  readonly mustEnd: (connection: Occupant) => boolean;
}

/** Between two looks: when a client is near its limit, and when a single connection is above its own. Milliseconds. */
const SOON_MS = 50;
const LATER_MS = 250;
/** The part of its limit that a client may always leave unread. */
const LITTLE = 1 / 64;
/** A look may take this part of the time. */
const LOOK_SHARE = 0.25;

/**
 * Bounds what is written and not read. Written means that the kernel has it; only its send queues say what the client has taken.
 * Looking costs some milliseconds, so it is done only when somebody has been sent a lot, and rarely.
 */
export function createUnread<Occupant extends Sender<Occupant>>(
  deps: UnreadDeps<Occupant>,
): Unread<Occupant> {
  const { limits, readQueues, locate, reset, looked, failed, schedule, now } = deps;
  const senders = new Set<Occupant>();
  const ofClient = new Map<Client<Occupant>, number>();
  let total = 0;
  let looking = false;
  let lookAtMs = Infinity;
  let pauseMs = 0;
  let endedMs = -Infinity;
  let blind = false;

  function count(connection: Occupant, bytes: number): void {
    const { client } = connection;
    connection.unread += bytes;
    total += bytes;
    const left = (ofClient.get(client) ?? 0) + bytes;
    if (left > 0) ofClient.set(client, left);
    else ofClient.delete(client);
    if (connection.unread > 0) senders.add(connection);
    else senders.delete(connection);
  }

  function lookWithin(delayMs: number): void {
    if (looking) return;
    const atMs = Math.max(now(), endedMs + Math.max(delayMs, pauseMs));
    if (atMs >= lookAtMs) return;
    lookAtMs = atMs;
    schedule(Math.max(0, atMs - now()), () => {
      if (!looking && lookAtMs === atMs) void look();
    });
  }

  async function look(): Promise<void> {
    const startMs = now();
    looking = true;
    const seen = [...senders];
    for (const connection of seen) connection.sinceLook = 0;
    try {
      const families = new Set(seen.map((connection) => locate(connection).family));
      const ipv4 = families.has('ipv4') ? await readQueues('ipv4') : undefined;
      const ipv6 = families.has('ipv6') ? await readQueues('ipv6') : undefined;
      blind = false;
      for (const connection of seen) {
        const { family, key } = locate(connection);
        settle(connection, (family === 'ipv4' ? ipv4 : ipv6)?.get(key) ?? 0);
      }
    } catch (error) {
      if (!blind) failed(error);
      blind = true;
    }
    looking = false;
    lookAtMs = Infinity;
    endedMs = now();
    pauseMs = (endedMs - startMs) / LOOK_SHARE;
    looked();
  }

  function settle(connection: Occupant, queued: number): void {
    if (!senders.has(connection)) return; // gone meanwhile
    count(connection, queued + connection.sinceLook - connection.unread);
    // Who has asked again has read all but the last answer.
    if (queued > Math.max(limits.perConnection, connection.lastBytes)) reset(connection);
  }

  return {
    wrote(connection, bytes) {
      connection.sinceLook += bytes;
      connection.lastBytes = bytes;
      count(connection, bytes);
      const ofAll = Math.max((ofClient.get(connection.client) ?? 0) / limits.perClient, total / limits.total);
      if (ofAll > 0.5) lookWithin(SOON_MS);
      else if (connection.unread > limits.perConnection) lookWithin(LATER_MS);
    },
    mayAnswer(connection) {
      if (blind) return true;
      const own = ofClient.get(connection.client) ?? 0;
      const isLittle = own < limits.perClient * LITTLE;
      // Whoever has little unread does not wait for those who have filled everything.
      if (own < limits.perClient && (total < limits.total || isLittle)) return true;
      lookWithin(SOON_MS);
      return false;
    },
    gone(connection) {
      count(connection, -connection.unread);
    },
    mustEnd: ({ unread }) => blind && unread > limits.perConnection,
  };
}
