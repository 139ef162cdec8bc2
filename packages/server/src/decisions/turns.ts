import { createLine, join, leave } from '@rolegate/runtime';
import type { Line } from '@rolegate/runtime';

/** Of one turn of the event loop: this much time, and, if it is cheap, this many items. */
const SLICE_MS = 4;
const SLICE_ITEMS = 256;
/** The most scopes with nothing left to do that are passed in one group's turn. */
const SCOPES_A_TURN = 16;

/** Work of one Namespace under one key: all that some object concerns. */
interface Scope<Item> {
  readonly key: string;
  readonly items: () => Iterable<Item>;
  /** Present: the pass over the items has begun. */
  pass: Iterator<Item, unknown> | undefined;
  /** Marked while its pass was under way: those who had their turn need another. */
  again: boolean;
}

interface Group<Item> {
  readonly name: string;
  readonly scopes: Map<string, Scope<Item>>;
  /** The scope whose turn is next comes first. */
  readonly line: Line<Scope<Item>>;
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

/**
 * Slices of work with a turn for each group: a Namespace with 20,000 Pods delays another one by the work of one Pod. Which
 * items a scope has is asked when its pass begins, so that a mark costs the same however many they are.
 */
export function createTurns<Item>({ run, defer, now }: TurnsDeps<Item>): Turns<Item> {
  const rounds = createRounds<Item>();
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

/** The groups with work that waits, in the order of their turns. */
interface Rounds<Item> {
  readonly mark: Turns<Item>['mark'];
  /** One item of the group whose turn it is, if it has one left; the group goes to the end if it has more. */
  readonly next: () => { readonly value: Item } | undefined;
  /** How many groups there are. */
  readonly size: () => number;
}

function createRounds<Item>(): Rounds<Item> {
  const groups = new Map<string, Group<Item>>();
  /** The group whose turn is next comes first. */
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
      // The other scopes of the group come before its second pass.
      scope.again = false;
      scope.pass = undefined;
      join(group.line, scope);
      return undefined;
    }
    group.scopes.delete(scope.key);
  }
  return undefined;
}
