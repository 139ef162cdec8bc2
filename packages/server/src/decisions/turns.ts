/** Work of one Namespace under one key: all that some object concerns. */
interface Scope<Item> {
  readonly items: () => Iterable<Item>;
  /** Present: the pass over the items has begun. */
  pass?: Iterator<Item, unknown>;
  /** Marked while its pass was under way: those who had their turn need another. */
  again: boolean;
}

export interface TurnsDeps<Item> {
  /** Does one item's work: some microseconds, at the worst 20 ms. Must not throw. */
  readonly run: (item: Item) => void;
  /** Calls once the event loop has looked at its sockets again. */
  readonly defer: (call: () => void) => void;
  /** Milliseconds on a monotonic clock. */
  readonly now: () => number;
}

export interface Turns<Item> {
  /**
   * Runs what `items` returns when its turn has come, at once if this turn of the event loop has time left. Marked again
   * before that, it runs once; marked again while it runs, it runs once more.
   */
  readonly mark: (group: string, key: string, items: () => Iterable<Item>) => void;
  /** Groups with work that waits. */
  readonly waiting: () => number;
}

/** Of one turn of the event loop: this much time, and, if it is cheap, this many items. */
const SLICE_MS = 4;
const SLICE_ITEMS = 256;
/** Of one group's turn: so many scopes may turn out to have nothing left to do. */
const SCOPES_A_TURN = 16;

/**
 * Slices of work with a turn for each group: a Namespace with 20,000 Pods delays another one by the work of one Pod. Which
 * items a scope has is asked when its pass begins, so that a mark costs the same however many they are.
 */
export function createTurns<Item>({ run, defer, now }: TurnsDeps<Item>): Turns<Item> {
  /** The group whose turn is next comes first. */
  const groups = new Map<string, Map<string, Scope<Item>>>();
  /** Of this turn of the event loop. */
  let slice: { readonly endMs: number; items: number } | undefined;
  let running = false;

  function work(): void {
    if (running) return;
    if (slice === undefined) {
      slice = { endMs: now() + SLICE_MS, items: SLICE_ITEMS };
      defer(nextSlice);
    }
    running = true;
    try {
      while (groups.size > 0 && slice.items > 0 && now() < slice.endMs) {
        slice.items--;
        runNext();
      }
    } finally {
      running = false;
    }
  }

  function nextSlice(): void {
    slice = undefined;
    if (groups.size > 0) work();
  }

  /** One item of the group whose turn it is; the group goes to the end if it has more. */
  function runNext(): void {
    for (const [group, scopes] of groups) {
      groups.delete(group);
      const item = nextOf(scopes);
      if (scopes.size > 0) groups.set(group, scopes);
      if (item !== undefined) run(item.value);
      return;
    }
  }

  function nextOf(scopes: Map<string, Scope<Item>>): { readonly value: Item } | undefined {
    let looks = 0;
    for (const [key, scope] of scopes) {
      if (looks++ === SCOPES_A_TURN) return undefined;
      scope.pass ??= scope.items()[Symbol.iterator]();
      const next = scope.pass.next();
      if (next.done !== true) return { value: next.value };
      scopes.delete(key);
      if (!scope.again) continue;
      // The other scopes of the group come before its second pass.
      scopes.set(key, { items: scope.items, again: false });
      return undefined;
    }
    return undefined;
  }

  return {
    mark(group, key, items) {
      const scopes = groups.get(group) ?? new Map<string, Scope<Item>>();
      groups.set(group, scopes);
      const known = scopes.get(key);
      if (known?.pass !== undefined) known.again = true;
      else if (known === undefined) scopes.set(key, { items, again: false });
      work();
    },
    waiting: () => groups.size,
  };
}
