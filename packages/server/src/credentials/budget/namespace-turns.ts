/** One item that waits for its turn. */
export interface Waiting {
  /** Whose turn it takes; not to be changed while it waits. */
  namespace: string;
  /** 0 goes first within its Namespace. */
  rank: number;
  /** It has a part of all turns that nothing else can take. */
  reserved: boolean;
}

/** Whose turn it is: Namespaces one after the other; within one the lowest rank, and what was put first. */
export interface NamespaceTurns<Item extends Waiting> {
  readonly put: (item: Item) => void;
  /** Takes an item out of its turn; false if it was not there. */
  readonly remove: (item: Item) => boolean;
  /** The next item of the first Namespace that may have a turn now; the others keep their places in the order. */
  readonly take: (may?: (namespace: string) => boolean) => Item | undefined;
  /** How many wait for a turn of the Namespace. */
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
  /** Of all turns, for reserved items alone as long as one waits. */
  readonly reservedPart: number;
}

/** Of a turn: what floating point may lack. */
const HAIR = 1e-9;

/** Fairness between Namespaces comes before any priority: however much one of them asks for, each gets its turn. */
export function createNamespaceTurns<Item extends Waiting>({
  ranks,
  reservedPart,
}: NamespaceTurnsOptions): NamespaceTurns<Item> {
  /** Namespaces with items that wait, next one first; the second only those with reserved ones. */
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

/** Which turns are for reserved items. */
function createReservation(part: number) {
  /** Turns that reserved items have a claim to. */
  let owed = 0;
  return {
    isDue: () => owed + part >= 1 - HAIR,
    /** One turn has been taken, by a reserved item or another. */
    taken(reserved: boolean): void {
      // A turn that nobody has used is kept for the next one, and no more are saved up for a crowd.
      owed = reserved ? owed + part - 1 : Math.min(1, owed + part);
    },
  };
}

/** The first that may have a turn now; its next one comes after everybody else's. */
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
