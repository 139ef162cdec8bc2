import { createLine, join, leave } from '@rolegate/runtime';
import type { Line } from '@rolegate/runtime';

/** The most work in one turn of the event loop: this much time, and this many items. */
const SLICE_MS = 4;
const SLICE_ITEMS = 256;
/** The most finished scopes that are skipped in one group's turn. */
const SCOPES_A_TURN = 16;

/** Work of one Namespace under one key: the items that some object affects. */
interface Scope<Item> {
  readonly key: string;
  readonly items: () => Iterable<Item>;
  /** Set once the pass over the items has begun. */
  pass: Iterator<Item, unknown> | undefined;
  /** It was marked during its pass, so it needs another. */
  again: boolean;
}

interface Group<Item> {
  readonly name: string;
  readonly scopes: Map<string, Scope<Item>>;
  /** The next scope is first. */
  readonly line: Line<Scope<Item>>;
}

export interface TurnsDeps<Item> {
  /** Processes one item, in some microseconds, at worst 20 ms. Must not throw. */
  readonly run: (item: Item) => void;
  /** Calls after the event loop has polled its sockets. */
  readonly defer: (call: () => void) => void;
  /** Milliseconds on a monotonic clock. */
  readonly now: () => number;
}

export interface Turns<Item> {
  /**
   * Queues the items of `items`, and runs them right away if this turn of the event loop has time left. A key that is marked
   * again before its pass runs once; one that is marked again during its pass runs once more.
   */
  readonly mark: (group: string, key: string, items: () => Iterable<Item>) => void;
  /** The number of groups with waiting work. */
  readonly waiting: () => number;
}

/**
 * Slices work, with round-robin between groups: a Namespace with 20,000 Pods delays another one by the work of one Pod. The
 * items of a scope are listed when its pass begins, so that the cost of a mark does not depend on their number.
 */
export function createTurns<Item>({ run, defer, now }: TurnsDeps<Item>): Turns<Item> {
  const rounds = createRounds<Item>();
  /** What is left of this turn of the event loop. */
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
      while (rounds.size() > 0 && slice.items > 0 && now() < slice.endMs) {
        slice.items--;
        const item = rounds.next();
        if (item !== undefined) run(item.value);
      }
    } finally {
      running = false;
    }
  }

  function nextSlice(): void {
    slice = undefined;
    if (rounds.size() > 0) work();
  }

  return {
    mark(group, key, items) {
      rounds.mark(group, key, items);
      work();
    },
    waiting: rounds.size,
  };
}

/** The groups with waiting work, in the order of their turns. */
interface Rounds<Item> {
  readonly mark: Turns<Item>['mark'];
  /** One item of the next group, if it has one left; a group with more items moves to the end. */
  readonly next: () => { readonly value: Item } | undefined;
  /** The number of groups. */
  readonly size: () => number;
}

function createRounds<Item>(): Rounds<Item> {
  const groups = new Map<string, Group<Item>>();
  /** The next group is first. */
  const line = createLine<Group<Item>>();

  function groupOf(name: string): Group<Item> {
    const known = groups.get(name);
    if (known !== undefined) return known;
    const group: Group<Item> = { name, scopes: new Map(), line: createLine() };
    groups.set(name, group);
    join(line, group);
    return group;
  }

  return {
    mark(name, key, items) {
      const group = groupOf(name);
      const known = group.scopes.get(key);
      if (known?.pass !== undefined) {
        known.again = true;
      } else if (known === undefined) {
        const scope: Scope<Item> = { key, items, pass: undefined, again: false };
        group.scopes.set(key, scope);
        join(group.line, scope);
      }
    },
    next() {
      const place = line.first;
      if (place === undefined) return undefined;
      const group = place.item;
      const item = nextOf(group);
      leave(line, place);
      if (group.scopes.size > 0) join(line, group);
      else groups.delete(group.name);
      return item;
    },
    size: () => groups.size,
  };
}

function nextOf<Item>(group: Group<Item>): { readonly value: Item } | undefined {
  for (let looks = 0; looks < SCOPES_A_TURN; looks += 1) {
    const place = group.line.first;
    if (place === undefined) return undefined;
    const scope = place.item;
    scope.pass ??= scope.items()[Symbol.iterator]();
    const next = scope.pass.next();
    if (next.done !== true) return { value: next.value };
    leave(group.line, place);
    if (scope.again) {
      // The second pass comes after the group's other scopes.
      scope.again = false;
      scope.pass = undefined;
      join(group.line, scope);
      return undefined;
    }
    group.scopes.delete(scope.key);
  }
  return undefined;
}
