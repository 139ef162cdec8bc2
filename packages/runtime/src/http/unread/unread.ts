import type { SendQueues, TcpFamily } from './kernel-queues.ts';
import { createLeftovers } from './leftovers.ts';
import { createLookSchedule, createSettlement, laterAfter, SOON_MS } from './looks.ts';
import type { Client } from '../clients/places.ts';
import { createSenders, createTally } from './senders.ts';
import type { Sender, UnreadLimits } from './senders.ts';

export interface UnreadDeps<Occupant extends Sender<Occupant>> {
  readonly limits: UnreadLimits;
  readonly readQueues: (family: TcpFamily) => Promise<SendQueues>;
  /** Counts closed connections that left something in the kernel, including those of other programs. */
  readonly countOrphans: () => Promise<number>;
  /** The client does not read. Reset the connection with everything unread. */
  readonly reset: (connection: Occupant) => void;
  /** A look is over, so waiting clients can try again. */
  readonly looked: () => void;
  /** The send queues cannot be read. */
  readonly failed: (error: unknown) => void;
  readonly schedule: (delayMs: number, call: () => void) => unknown;
  readonly now: () => number;
}

export interface Unread<Occupant extends Sender<Occupant>> {
  readonly wrote: (connection: Occupant, bytes: number) => void;
  /** Returns false if its client must wait for the next look, which `looked` reports. */
  readonly mayAnswer: (connection: Occupant) => boolean;
  /** The connection now counts for another client than `from`. */
  readonly moved: (connection: Occupant, from: Client<Occupant>) => void;
  /**
   * The connection is closed. What its client has not read stays in the kernel and counts until a look finds it gone.
   */
  readonly gone: (connection: Occupant) => void;
  /**
   * Returns true if the connection must end with its next answer, because the send queues cannot be read and it has
   * been sent enough.
   */
  readonly mustEnd: (connection: Occupant) => boolean;
}

/** Share of its limit that a client may always leave unread. */
const LITTLE = 1 / 64;

/**
 * Bounds what is written and not read. Written bytes are in the kernel, and only its send queues show what the client
 * has received. A look takes some milliseconds, so it happens rarely and only when somebody was sent a lot.
 */
export function createUnread<Occupant extends Sender<Occupant>>(
  deps: UnreadDeps<Occupant>,
): Unread<Occupant> {
  const { limits, countOrphans, looked, failed, schedule, now } = deps;
  const tally = createTally();
  const senders = createSenders<Occupant>(limits, tally);
  const leftovers = createLeftovers({ tally, total: limits.total, countOrphans });
  const settleAll = createSettlement<Occupant>({ ...deps, senders, leftovers });
  const lookWithin = createLookSchedule({ look, total: tally.total, ended, schedule, now });
  let laterMs = laterAfter(0);
  let blind = false;

  function watch(connection: Occupant): void {
    if (senders.isNearLimit(connection) || leftovers.areMany()) lookWithin(SOON_MS);
    else if (connection.unread > limits.perConnection) lookWithin(laterMs);
  }

  async function look(): Promise<void> {
    const startMs = now();
    try {
      const areRead = await leftovers.forgetIfRead(leftovers.size());
      if (areRead && ![...senders.all].some(isDue)) return;
      await settleAll([...senders.all], leftovers.size());
      blind = false;
      laterMs = laterAfter(now() - startMs);
    } catch (error) {
      if (!blind) failed(error);
      blind = true;
      leftovers.take(leftovers.size());
    }
  }

  function isDue(connection: Occupant): boolean {
    return senders.isNearLimit(connection) || connection.unread > limits.perConnection;
  }

  function ended(): void {
    // They wrote during the look, perhaps for the last time.
    for (const connection of senders.all) watch(connection);
    looked();
  }

  return {
    wrote(connection, bytes) {
      connection.sinceLook += bytes;
      connection.lastBytes = bytes;
      senders.count(connection, bytes);
      watch(connection);
    },
    mayAnswer({ client }) {
      if (blind) return true;
      const own = tally.of(client.group.name, client.name);
      const isLittle = own < limits.perClient * LITTLE;
      // A client with little unread does not wait for those who fill everything.
      if (own < limits.perClient && (tally.total() < limits.total || isLittle)) return true;
      lookWithin(SOON_MS);
      return false;
    },
    moved: senders.moved,
    gone(connection) {
      const { client, ends, unread } = connection;
      senders.count(connection, -unread);
      // The client's name is the same if it returns, so nothing else is kept.
      if (!blind)
        leftovers.remember({ client: { group: client.group.name, name: client.name }, ends, unread });
    },
    mustEnd: ({ unread }) => blind && unread > limits.perConnection,
  };
}
