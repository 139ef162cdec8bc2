export interface Transition<Fact> {
  /** It is so now, and was not before. */
  readonly begins: (fact: Fact) => void;
  /** It was so, and is no more. */
  readonly ends: () => void;
  /** It is so still, and says something else now. By default nothing is told. */
  readonly changes?: (fact: Fact) => void;
}

/** Tells what is so when it begins and when it ends, not at every look. Undefined: it is not so. Facts are compared by `===`. */
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

/** What came since the look before, and what has gone. */
export interface Arrivals<Item> {
  readonly came: readonly Item[];
  readonly gone: readonly Item[];
}

/** Compares what is there, by key, with what was there at the look before. */
export function createArrivals<Item>(): (now: ReadonlyMap<string, Item>) => Arrivals<Item> {
  let before: ReadonlyMap<string, Item> = new Map();
  return (now) => {
    const last = before;
    before = now;
    return { came: missingFrom(last, now), gone: missingFrom(now, last) };
  };
}

function missingFrom<Item>(there: ReadonlyMap<string, Item>, items: ReadonlyMap<string, Item>): Item[] {
  return [...items].flatMap(([key, item]) => (there.has(key) ? [] : [item]));
}
