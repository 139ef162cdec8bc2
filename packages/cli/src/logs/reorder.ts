import { sizeOf } from './entry.ts';
import type { LogLine } from './entry.ts';
import { createTimeHeap } from './time-heap.ts';
import type { Timed } from './time-heap.ts';

export interface ReorderOptions {
  /** How long a line waits for earlier ones of other sources. Infinity: until `drain`. Milliseconds. */
  readonly windowMs: number;
  /** Beyond this, the earliest lines no longer wait, so that memory is bounded. Bytes. */
  readonly mostBytes: number;
  /** Milliseconds; monotonic. */
  readonly now: () => number;
}

/** Lines with one request ID, by time; mostly one line. */
export type Group = readonly LogLine[];

/** Merges lines of many sources by time. Lines of one request come together, at the time of the first. */
export interface Reorder {
  /** Returns the lines that no longer wait. */
  push(line: LogLine): readonly Group[];
  /** The lines whose time to wait is over. */
  due(): readonly Group[];
  /** The lines before this time, which wait for no others. */
  until(atMs: number): readonly Group[];
  /** All lines. */
  drain(): readonly Group[];
  /** What the waiting lines take in memory, roughly. */
  readonly bytes: number;
  /** True once lines had to go early for memory, so that the order is not certain. */
  readonly overflowed: boolean;
}

interface Item extends Timed {
  readonly line: LogLine;
  readonly arrivedMs: number;
  taken: boolean;
}

export function createReorder({ windowMs, mostBytes, now }: ReorderOptions): Reorder {
  const heap = createTimeHeap<Item>();
  const requests = createRequests();
  const arrivals = createArrivals();
  let bytes = 0;
  let order = 0;
  let overflowed = false;

  function take(item: Item): LogLine {
    item.taken = true;
    bytes -= sizeOf(item.line);
    return item.line;
  }

  /** Removes those that left with their request. */
  function earliest(): Item | undefined {
    while (heap.peek()?.taken === true) heap.pop();
    return heap.peek();
  }

  function next(): Group | undefined {
    const item = earliest();
    if (item === undefined) return undefined;
    heap.pop();
    return requests.remove(item).map(take);
  }

  function nextWhile(goesOn: () => boolean): readonly Group[] {
    const groups: Group[] = [];
    while (goesOn()) {
      const group = next();
      if (group === undefined) break;
      groups.push(group);
    }
    return groups;
  }

  return {
    push(line) {
      const item = { line, atMs: line.atMs, order: order++, arrivedMs: now(), taken: false };
      heap.push(item);
      requests.add(item);
      if (windowMs !== Infinity) arrivals.add(item);
      bytes += sizeOf(line);
      if (bytes > mostBytes) overflowed = true;
      return nextWhile(() => bytes > mostBytes);
    },
    due() {
      const latestMs = now() - windowMs;
      // Even if earlier lines keep arriving, as from a node whose clock is slow.
      return nextWhile(() => (arrivals.oldest()?.arrivedMs ?? Infinity) <= latestMs);
    },
    until: (atMs) => nextWhile(() => (earliest()?.atMs ?? Infinity) < atMs),
    drain: () => nextWhile(() => true),
    get bytes() {
      return bytes;
    },
    get overflowed() {
      return overflowed;
    },
  };
}

/** The waiting lines by request. */
function createRequests() {
  const waiting = new Map<string, Item[]>();
  return {
    add(item: Item): void {
      const { requestId } = item.line;
      if (requestId === undefined) return;
      const known = waiting.get(requestId);
      if (known === undefined) waiting.set(requestId, [item]);
      else known.push(item);
    },
    /** The line and all others of its request, by time. */
    remove(item: Item): readonly Item[] {
      const { requestId } = item.line;
      if (requestId === undefined) return [item];
      const joined = waiting.get(requestId) ?? [item];
      waiting.delete(requestId);
      return joined.sort((a, b) => a.atMs - b.atMs || a.order - b.order);
    },
  };
}

/** The waiting lines in the order in which they arrived. */
function createArrivals() {
  let items: Item[] = [];
  let first = 0;
  return {
    add(item: Item): void {
      items.push(item);
    },
    oldest(): Item | undefined {
      while (items[first]?.taken === true) first += 1;
      if (first > items.length / 2) {
        items = items.slice(first);
        first = 0;
      }
      return items[first];
    },
  };
}
