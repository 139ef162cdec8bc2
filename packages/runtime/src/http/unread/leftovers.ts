import type { Ends } from './kernel-queues.ts';
import type { ClientName } from '../clients/places.ts';
import type { Tally } from './senders.ts';

/** What a closed connection has left with the kernel, which goes on sending it for minutes to a client that does not read. */
export interface Leftover {
  readonly client: ClientName;
  readonly ends: Ends;
  unread: number;
}

export interface Leftovers {
  readonly remember: (leftover: Leftover) => void;
  /** The oldest ones, which are counted no more. */
  readonly take: (count: number) => readonly Leftover[];
  /**
   * Whether the oldest leftovers, so many, are next to nothing, as the number of all connections that have left something shows.
   * They are forgotten then.
   */
  readonly forgetIfRead: (count: number) => Promise<boolean>;
  readonly oldest: (count: number) => readonly Leftover[];
  /** It is time to look whether they were read. */
  readonly areMany: () => boolean;
  readonly size: () => number;
}

export interface LeftoversDeps {
  readonly tally: Tally;
  /** What all clients together may leave unread. Bytes. */
  readonly total: number;
  /** How many closed connections have left something with the kernel, those of others included. */
  readonly countOrphans: () => Promise<number>;
}

/** The part of everybody's limit that closed connections may leave before it is looked whose it is: thousands close in a second. */
const NEXT_TO_NOTHING = 1 / 16;
/** Closed connections that are remembered before it is looked whether they were read: as nearly all were, and more if not. */
const FEW = 1_024;
const MOST = 16_384;

/** What was left behind by connections that are closed. */
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
