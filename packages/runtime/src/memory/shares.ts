import { createLine } from './line.ts';
import type { Line, LinePlace } from './line.ts';

/** One owner's items. */
interface Share<Item> {
  readonly owner: string;
  readonly items: Line<Item>;
  size: number;
  /** Among the shares of its size. */
  rank: LinePlace<Share<Item>> | undefined;
}

/** An item in its owner's share. */
export interface Shared<Item> {
  readonly share: Share<Item>;
  readonly place: LinePlace<Item>;
}

export interface Shares<Item> {
  readonly add: (item: Item, owner: string) => Shared<Item>;
  /** Once. */
  readonly remove: (shared: Shared<Item>) => void;
  /** The oldest item of the owner with the most; of several, the one who has had as many for the longest. */
  readonly oldestOfMost: () => Item | undefined;
}

/** Who has how many. Each step costs the same, however many owners and items there are. */
export function createShares<Item>(): Shares<Item> {
  const shares = new Map<string, Share<Item>>();
  const ranks = new Map<number, { readonly line: Line<Share<Item>>; size: number }>();
  let most = 0;

  function enter(share: Share<Item>): void {
    const { size } = share;
    if (size === 0) return;
    let rank = ranks.get(size);
    if (rank === undefined) ranks.set(size, (rank = { line: createLine(), size: 0 }));
    rank.size += 1;
    share.rank = rank.line.join(share);
  }

  function exit({ size, rank: place }: Share<Item>): void {
    const rank = ranks.get(size);
    if (rank === undefined || place === undefined) return;
    rank.line.leave(place);
    rank.size -= 1;
    if (rank.size === 0) ranks.delete(size);
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
    add(item, owner) {
      let share = shares.get(owner);
      if (share === undefined) {
        share = { owner, items: createLine(), size: 0, rank: undefined };
        shares.set(owner, share);
      }
      resize(share, 1);
      return { share, place: share.items.join(item) };
    },
    remove({ share, place }) {
      share.items.leave(place);
      resize(share, -1);
      if (share.size === 0) shares.delete(share.owner);
    },
    oldestOfMost: () => ranks.get(most)?.line.first()?.items.first(),
  };
}
