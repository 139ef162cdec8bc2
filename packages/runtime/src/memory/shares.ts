import { createLine, join, leave, toEnd } from './line.ts';
import type { Line, LinePlace } from './line.ts';

/** One owner's items. */
interface Share<Item> extends Line<Item> {
  readonly owner: string;
  size: number;
  /** Its place among the shares of the same size. */
  rank: LinePlace<Share<Item>> | undefined;
}

export interface Shares<Item> {
  readonly add: (owner: string, item: Item) => LinePlace<Item>;
  /** Call it once for each place, with the owner it was added for. */
  readonly remove: (owner: string, place: LinePlace<Item>) => void;
  /** Like removing and adding it again. */
  readonly renew: (owner: string, place: LinePlace<Item>) => void;
  /** The oldest item of the owner with the most. Among several, the one who has had that many for the longest. */
  readonly oldestOfMost: () => Item | undefined;
}

/** Counts items by owner. Each operation takes constant time. */
export function createShares<Item>(): Shares<Item> {
  const shares = new Map<string, Share<Item>>();
  const ranks = new Map<number, Line<Share<Item>>>();
  let most = 0;

  function shareOf(owner: string): Share<Item> {
    const known = shares.get(owner);
    if (known !== undefined) return known;
    const share: Share<Item> = { owner, first: undefined, last: undefined, size: 0, rank: undefined };
    shares.set(owner, share);
    return share;
  }

  function enter(share: Share<Item>): void {
    const { size } = share;
    if (size === 0) return;
    let rank = ranks.get(size);
    if (rank === undefined) ranks.set(size, (rank = createLine()));
    share.rank = join(rank, share);
  }

  function exit({ size, rank: place }: Share<Item>): void {
    const rank = ranks.get(size);
    if (rank === undefined || place === undefined) return;
    leave(rank, place);
    if (rank.first === undefined) ranks.delete(size);
  }

  function resize(share: Share<Item>, by: 1 | -1): void {
    exit(share);
    share.size += by;
    enter(share);
    if (share.size > most) most = share.size;
    // The owner with the most has one less, and nobody else had as many.
    else if (!ranks.has(most)) most -= 1;
  }

  return {
    add(owner, item) {
      const share = shareOf(owner);
      resize(share, 1);
      return join(share, item);
    },
    remove(owner, place) {
      const share = shares.get(owner);
      if (share === undefined) return;
      leave(share, place);
      resize(share, -1);
      if (share.size === 0) shares.delete(owner);
    },
    renew(owner, place) {
      const share = shares.get(owner);
      if (share === undefined) return;
      toEnd(share, place);
      const rank = ranks.get(share.size);
      if (rank !== undefined && share.rank !== undefined) toEnd(rank, share.rank);
    },
    oldestOfMost: () => ranks.get(most)?.first?.item.first?.item,
  };
}
