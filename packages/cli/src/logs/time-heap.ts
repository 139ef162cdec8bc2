/** What a heap needs of its items. `order` breaks ties. */
export interface Timed {
  readonly atMs: number;
  readonly order: number;
}

/** A binary heap: the earliest item first. */
export interface TimeHeap<Item extends Timed> {
  push(item: Item): void;
  peek(): Item | undefined;
  pop(): Item | undefined;
}

export function createTimeHeap<Item extends Timed>(): TimeHeap<Item> {
  const items: Item[] = [];

  function siftUp(start: number): void {
    for (let at = start; at > 0;) {
      const parent = (at - 1) >> 1;
      if (!swapped(parent, at)) return;
      at = parent;
    }
  }

  function siftDown(): void {
    for (let at = 0; ;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      const least = isEarlier(items[right], items[left]) ? right : left;
      if (least >= items.length || !swapped(at, least)) return;
      at = least;
    }
  }

  /** Puts the two in order; false if they were. */
  function swapped(upper: number, lower: number): boolean {
    const [above, below] = [items[upper], items[lower]];
    if (above === undefined || below === undefined || !isEarlier(below, above)) return false;
    items[upper] = below;
    items[lower] = above;
    return true;
  }

  return {
    push(item) {
      items.push(item);
      siftUp(items.length - 1);
    },
    peek: () => items[0],
    pop() {
      const [first] = items;
      const last = items.pop();
      if (last !== undefined && items.length > 0) {
        items[0] = last;
        siftDown();
      }
      return first;
    },
  };
}

function isEarlier(a: Timed | undefined, b: Timed | undefined): boolean {
  if (a === undefined) return false;
  return b === undefined || a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
