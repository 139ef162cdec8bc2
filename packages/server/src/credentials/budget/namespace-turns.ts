/** One item that waits for its turn. */
export interface Waiting {
  /** Must not change while the item waits. */
  namespace: string;
  /** 0 is first within its Namespace. */
  rank: number;
  /** It is served from a share of the turns that other items cannot take. */
  reserved: boolean;
}

/** A queue with round-robin between Namespaces; within one, by rank and then first in, first out. */
export interface NamespaceTurns<Item extends Waiting> {
  readonly put: (item: Item) => void;
  /** Removes an item before its turn; false if it was not queued. */
  readonly remove: (item: Item) => boolean;
  /** The next item of the first Namespace for which `may` is true; the others keep their places. */
  readonly take: (may?: (namespace: string) => boolean) => Item | undefined;
  /** How many items of the Namespace wait. */
  readonly waitingOf: (namespace: string) => number;
  readonly size: number;
}

interface Namespace<Item> {
  /** By rank, each in the order in which items were put. */
  readonly all: readonly Set<Item>[];
  readonly reserved: readonly Set<Item>[];
}

export interface NamespaceTurnsOptions {
  readonly ranks: number;
  /** The share of turns that goes to reserved items while one waits. */
  readonly reservedPart: number;
}

/** Tolerance for floating-point rounding, in turns. */
const HAIR = 1e-9;

/** Fairness between Namespaces comes before priority: each gets its turn, however many items another has. */
export function createNamespaceTurns<Item extends Waiting>({
  ranks,
  reservedPart,
}: NamespaceTurnsOptions): NamespaceTurns<Item> {
  /** Namespaces with waiting items, next one first; the second map has only those with reserved items. */
  const turns = new Map<string, Namespace<Item>>();
  const reservedTurns = new Map<string, Namespace<Item>>();
  const reservation = createReservation(reservedPart);
  let size = 0;

  function put(item: Item): void {
    const { namespace: name, rank } = item;
    let namespace = turns.get(name);
    if (namespace === undefined) turns.set(name, (namespace = { all: lanes(ranks), reserved: lanes(ranks) }));
    namespace.all[rank]?.add(item);
    size += 1;
    if (!item.reserved) return;
    namespace.reserved[rank]?.add(item);
    if (!reservedTurns.has(name)) reservedTurns.set(name, namespace);
  }

  function remove(item: Item): boolean {
    const { namespace: name, rank } = item;
    const namespace = turns.get(name);
    if (namespace?.all[rank]?.delete(item) !== true) return false;
    namespace.reserved[rank]?.delete(item);
    size -= 1;
    if (sizeOf(namespace.all) === 0) turns.delete(name);
    if (sizeOf(namespace.reserved) === 0) reservedTurns.delete(name);
    return true;
  }

  function takeFrom(
    order: Map<string, Namespace<Item>>,
    kind: keyof Namespace<Item>,
    may: (namespace: string) => boolean,
  ): Item | undefined {
    const namespace = nextOf(order, may);
    const item = namespace && firstOf(namespace[kind]);
    if (item !== undefined) remove(item);
    return item;
  }

  return {
    put,
    remove,
    take(may = () => true) {
      const reserved = reservation.isDue() ? takeFrom(reservedTurns, 'reserved', may) : undefined;
      const item = reserved ?? takeFrom(turns, 'all', may);
      if (item !== undefined) reservation.taken(reserved !== undefined);
      return item;
    },
    waitingOf: (name) => sizeOf(turns.get(name)?.all ?? []),
    get size() {
      return size;
    },
  };
}

/** Decides which turns are for reserved items. */
function createReservation(part: number) {
  /** Turns that are owed to reserved items. */
  let owed = 0;
  return {
    isDue: () => owed + part >= 1 - HAIR,
    taken(reserved: boolean): void {
      // At most one unused turn is saved up.
      owed = reserved ? owed + part - 1 : Math.min(1, owed + part);
    },
  };
}

/** The first entry for which `may` is true; moves it to the end. */
function nextOf<Value>(order: Map<string, Value>, may: (name: string) => boolean): Value | undefined {
  for (const [name, value] of order) {
    if (!may(name)) continue;
    order.delete(name);
    order.set(name, value);
    return value;
  }
  return undefined;
}

function lanes<Item>(ranks: number): readonly Set<Item>[] {
  return Array.from({ length: ranks }, () => new Set<Item>());
}

function sizeOf(sets: readonly ReadonlySet<unknown>[]): number {
  return sets.reduce((sum, { size }) => sum + size, 0);
}

function firstOf<Item>(sets: readonly ReadonlySet<Item>[]): Item | undefined {
  for (const set of sets) for (const item of set) return item;
  return undefined;
}
