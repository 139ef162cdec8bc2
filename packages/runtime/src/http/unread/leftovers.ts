import type { Ends } from './kernel-queues.ts';
import type { ClientName } from '../clients/places.ts';
import type { Tally } from './senders.ts';

/** What a closed connection left in the kernel, which keeps sending it for minutes to a client that does not read. */
export interface Leftover {
  readonly client: ClientName;
  readonly ends: Ends;
  unread: number;
}

export interface Leftovers {
  readonly remember: (leftover: Leftover) => void;
  /** Removes the oldest ones, which are no longer counted. */
  readonly take: (count: number) => readonly Leftover[];
  /**
   * Forgets the oldest `count` leftovers if the number of all connections with unacknowledged bytes shows that almost
   * nothing is left. Returns whether it did.
   */
  readonly forgetIfRead: (count: number) => Promise<boolean>;
  readonly oldest: (count: number) => readonly Leftover[];
  /** It is time to check whether they were read. */
  readonly areMany: () => boolean;
  readonly size: () => number;
}

export interface LeftoversDeps {
  readonly tally: Tally;
  /** What all clients together may leave unread. Bytes. */
  readonly total: number;
  /** Counts closed connections that left something in the kernel, including those of other programs. */
  readonly countOrphans: () => Promise<number>;
}

/**
 * Share of the total limit that closed connections may leave before they are attributed: thousands close per second.
 */
const NEXT_TO_NOTHING = 1 / 16;
/**
 * Closed connections that are remembered before checking whether they were read. Nearly all were; if not, more are
 * remembered.
 */
const FEW = 1_024;
const MOST = 16_384;

/** What closed connections have left unread. */
export function createLeftovers({ tally, total, countOrphans }: LeftoversDeps): Leftovers {
  let leftovers: Leftover[] = [];
  let many = FEW;

  function take(count: number): readonly Leftover[] {
    const taken = leftovers.slice(0, count);
    leftovers = leftovers.slice(count);
    for (const { client, unread } of taken) tally.add(client.group, client.name, -unread);
    return taken;
  }

  return {
    remember(leftover) {
      if (leftover.unread === 0) return;
      leftovers.push(leftover);
      tally.add(leftover.client.group, leftover.client.name, leftover.unread);
    },
    take,
    async forgetIfRead(count) {
      if (count === 0) return true;
      const largest = leftovers.reduce((most, { unread }) => Math.max(most, unread), 0);
      const areRead = (await countOrphans()) * largest <= total * NEXT_TO_NOTHING;
      if (areRead) take(count);
      many = areRead ? FEW : Math.min(MOST, 2 * many);
      return areRead;
    },
    oldest: (count) => leftovers.slice(0, count),
    areMany: () => leftovers.length > many,
    size: () => leftovers.length,
  };
}
