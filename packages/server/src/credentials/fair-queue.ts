/** First in, first out within a key; between keys in turns. Every step takes constant time. */
export interface FairQueue<Item> {
  put(key: string, item: Item): void;
  /** Takes an item out of its turn; false when it was not there. */
  remove(key: string, item: Item): boolean;
  take(): Item | undefined;
  readonly size: number;
}

export function createFairQueue<Item>(): FairQueue<Item> {
  /** Keys in the order of their turns; none is empty. */
  const turns = new Map<string, Set<Item>>();
  let size = 0;

  function remove(key: string, item: Item): boolean {
    const items = turns.get(key);
    if (items?.delete(item) !== true) return false;
    if (items.size === 0) turns.delete(key);
    size -= 1;
    return true;
  }

  return {
    put(key, item) {
      const items = turns.get(key);
      if (items === undefined) turns.set(key, new Set([item]));
      else if (items.has(item)) return;
      else items.add(item);
      size += 1;
    },
    remove,
    take() {
      for (const [key, items] of turns) {
        for (const item of items) {
          remove(key, item);
          if (turns.delete(key)) turns.set(key, items);
          return item;
        }
      }
      return undefined;
    },
    get size() {
      return size;
    },
  };
}
