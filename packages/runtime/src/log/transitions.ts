export interface Transition<Fact> {
  /** Called when the condition becomes true. */
  readonly begins: (fact: Fact) => void;
  /** Called when the condition becomes false. */
  readonly ends: () => void;
  /** Called when the condition stays true with another fact. By default not called. */
  readonly changes?: (fact: Fact) => void;
}

/**
 * Reports when a condition begins and ends, not each time it is checked. Undefined means that it is false. Facts are
 * compared by `===`.
 */
export function createTransition<Fact>({
  begins,
  ends,
  changes,
}: Transition<Fact>): (now: Fact | undefined) => void {
  let before: Fact | undefined;
  return (now) => {
    const last = before;
    before = now;
    if (now === undefined) {
      if (last !== undefined) ends();
    } else if (last === undefined) begins(now);
    else if (now !== last) changes?.(now);
  };
}

/** What has changed since the last call. */
export interface Arrivals<Item> {
  readonly added: readonly Item[];
  readonly removed: readonly Item[];
}

/** Compares items by key with those of the last call. */
export function createArrivals<Item>(): (now: ReadonlyMap<string, Item>) => Arrivals<Item> {
  let before: ReadonlyMap<string, Item> = new Map();
  return (now) => {
    const last = before;
    before = now;
    return { added: missingFrom(last, now), removed: missingFrom(now, last) };
  };
}

function missingFrom<Item>(others: ReadonlyMap<string, Item>, items: ReadonlyMap<string, Item>): Item[] {
  return [...items].flatMap(([key, item]) => (others.has(key) ? [] : [item]));
}
