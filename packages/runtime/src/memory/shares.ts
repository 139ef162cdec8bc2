import { createLine, join, leave, toEnd } from './line.ts';
import type { Line, LinePlace } from './line.ts';

/** One owner's items. */
interface Share<Item> extends Line<Item> {
  readonly owner: string;
  size: number;
  /** Among the shares of its size. */
  rank: LinePlace<Share<Item>> | undefined;
}

export interface Shares<Item> {
  readonly add: (owner: string, item: Item) => LinePlace<Item>;
  /** Once, of what was added for the owner. */
  readonly remove: (owner: string, place: LinePlace<Item>) => void;
  /** As if it were removed and added again. */
  readonly renew: (owner: string, place: LinePlace<Item>) => void;
  /** The oldest item of the owner with the most; of several, the one who has had as many for the longest. */
  readonly oldestOfMost: () => Item | undefined;
}

/** Who has how many. Each step costs the same, however many owners and items there are. */
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
    // Whoever had the most has one less now, and nobody else had as many.
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
