import type { SendQueues, TcpFamily } from './kernel-queues.ts';
import { createLeftovers } from './leftovers.ts';
import { createLookSchedule, createSettlement, laterAfter, SOON_MS } from './looks.ts';
import type { Client } from '../clients/places.ts';
import { createSenders, createTally } from './senders.ts';
import type { Sender, UnreadLimits } from './senders.ts';

export interface UnreadDeps<Occupant extends Sender<Occupant>> {
  readonly limits: UnreadLimits;
  readonly readQueues: (family: TcpFamily) => Promise<SendQueues>;
  /** How many closed connections have left something with the kernel, those of others included. */
  readonly countOrphans: () => Promise<number>;
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
  /** The connection counts for another client than this one from now on. */
  readonly moved: (connection: Occupant, from: Client<Occupant>) => void;
  /** The connection is closed. What its client has not read stays with the kernel, and counts until a look finds it gone. */
  readonly gone: (connection: Occupant) => void;
  /** True if the connection must end with its next answer: the send queues cannot be read, and it has been sent enough. */
  readonly mustEnd: (connection: Occupant) => boolean;
}

/** The part of its limit that a client may always leave unread. */
const LITTLE = 1 / 64;

/**
 * Bounds what is written and not read. Written means that the kernel has it; only its send queues say what the client has taken.
 * Looking costs some milliseconds, so it is done only when somebody has been sent a lot, and rarely.
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
    // Written meanwhile, and perhaps for the last time.
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
      // Whoever has little unread does not wait for those who have filled everything.
      if (own < limits.perClient && (tally.total() < limits.total || isLittle)) return true;
      lookWithin(SOON_MS);
      return false;
    },
    moved: senders.moved,
    gone(connection) {
      const { client, ends, unread } = connection;
      senders.count(connection, -unread);
      // All that is kept of a client: it has the same name when it comes again.
      if (!blind)
        leftovers.remember({ client: { group: client.group.name, name: client.name }, ends, unread });
    },
    mustEnd: ({ unread }) => blind && unread > limits.perConnection,
  };
}
