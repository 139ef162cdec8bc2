import type { Clock } from '../time/clock.ts';
import { createLine, itemsOf, join, leave, toEnd } from './line.ts';
import type { Line, LinePlace } from './line.ts';
import { createShares } from './shares.ts';

export interface RememberedOptions<Value> {
  readonly clock: Pick<Clock, 'monotonic' | 'schedule'>;
  /** Time since a name was last set. Infinity keeps it until it is deleted. Milliseconds. */
  readonly keepMs: number;
  /** If there are more names, the oldest one of the owner with the most is dropped. */
  readonly most: number;
  /** Called when a name's time is over. Returns true to keep it for the same time again. By default it is dropped. */
  readonly stays?: (key: string, value: Value) => boolean;
  /** Called when a name is dropped because of its time or for room, but not when it is deleted. Must not throw. */
  readonly dropped?: (key: string, value: Value, why: 'time' | 'room') => void;
}

/** Values under names that others choose, bounded in time and number. */
export interface Remembered<Value> {
  /** Returns undefined as soon as the name's time is over. */
  readonly get: (key: string) => Value | undefined;
  /** Like get without reading the clock, for values that stay true. Can return a value shortly after its time. */
  readonly peek: (key: string) => Value | undefined;
  /** Sets a value and restarts its time. `owner` is charged for the place. */
  readonly set: (key: string, value: Value, owner?: string) => void;
  /** Returns false if the name was not known. */
  readonly delete: (key: string) => boolean;
  readonly clear: () => void;
  /** Starts with the entry that was set longest ago. */
  readonly entries: () => [key: string, value: Value][];
  readonly size: number;
}

interface Entry<Value> {
  readonly key: string;
  readonly owner: string;
  value: Value;
  untilMs: number;
  place: LinePlace<Entry<Value>> | undefined;
  shared: LinePlace<Entry<Value>> | undefined;
}

/** Expired names are dropped together, this many times per `keepMs`. */
const SWEEPS = 16;

/** Uses at most one timer, and none while nothing is remembered or nothing expires. */
export function createRemembered<Value>(options: RememberedOptions<Value>): Remembered<Value> {
  const { clock } = options;
  const entries = createEntries<Value>(options);
  const { byKey, line } = entries;
  const { end, sweep, makeRoom } = createDrops(options, entries);
  const plan = createSweepPlan(options, { line, sweep });

  return {
    get(key) {
      const entry = byKey.get(key);
      if (entry === undefined) return undefined;
      return entry.untilMs > clock.monotonic() || end(entry) ? entry.value : undefined;
    },
    peek: (key) => byKey.get(key)?.value,
    set(key, value, owner = '') {
      const former = byKey.get(key);
      if (former?.owner === owner) {
        entries.renew(former, value);
      } else {
        if (former !== undefined) entries.remove(former);
        entries.put(key, value, owner);
        makeRoom();
      }
      plan();
    },
    delete(key) {
      const entry = byKey.get(key);
      if (entry === undefined) return false;
      entries.remove(entry);
      plan();
      return true;
    },
    clear() {
      for (const entry of [...byKey.values()]) entries.remove(entry);
      plan();
    },
    entries() {
      sweep();
      return itemsOf(line).map(({ key, value }) => [key, value]);
    },
    get size() {
      sweep();
      return byKey.size;
    },
  };
}

interface Entries<Value> {
  readonly byKey: ReadonlyMap<string, Entry<Value>>;
  /** In the order in which they expire. */
  readonly line: Readonly<Line<Entry<Value>>>;
  readonly put: (key: string, value: Value, owner: string) => void;
  /** Like deleting and setting again, but without allocation: some names are set thousands of times. */
  readonly renew: (entry: Entry<Value>, value: Value) => void;
  readonly remove: (entry: Entry<Value>) => void;
  /** The oldest entry of the owner with the most. */
  readonly oldestOfMost: () => Entry<Value> | undefined;
}

/** Names in the order in which they expire, and how many each owner has. */
function createEntries<Value>({ clock, keepMs }: RememberedOptions<Value>): Entries<Value> {
  const byKey = new Map<string, Entry<Value>>();
  const line = createLine<Entry<Value>>();
  const shares = createShares<Entry<Value>>();
  return {
    byKey,
    line,
    put(key, value, owner) {
      const untilMs = clock.monotonic() + keepMs;
      const entry: Entry<Value> = { key, value, owner, untilMs, place: undefined, shared: undefined };
      byKey.set(key, entry);
      entry.place = join(line, entry);
      entry.shared = shares.add(owner, entry);
    },
    renew(entry, value) {
      entry.value = value;
      entry.untilMs = clock.monotonic() + keepMs;
      if (entry.place !== undefined) toEnd(line, entry.place);
      if (entry.shared !== undefined) shares.renew(entry.owner, entry.shared);
    },
    remove({ key, owner, place, shared }) {
      byKey.delete(key);
      if (place !== undefined) leave(line, place);
      if (shared !== undefined) shares.remove(owner, shared);
    },
    oldestOfMost: shares.oldestOfMost,
  };
}

/** Drops expired entries, and entries to make room. */
function createDrops<Value>(options: RememberedOptions<Value>, entries: Entries<Value>) {
  const { clock, most, stays = () => false, dropped = () => undefined } = options;
  const { byKey, line } = entries;

  /** Returns true if the entry stays. */
  function end(entry: Entry<Value>): boolean {
    const { key, value, owner } = entry;
    const isNeeded = stays(key, value);
    entries.remove(entry);
    if (isNeeded) entries.put(key, value, owner);
    else dropped(key, value, 'time');
    return isNeeded;
  }

  function sweep(): void {
    const nowMs = clock.monotonic();
    while (line.first !== undefined && line.first.item.untilMs <= nowMs) end(line.first.item);
  }

  function makeRoom(): void {
    if (byKey.size <= most) return;
    sweep();
    while (byKey.size > most) {
      const entry = entries.oldestOfMost();
      if (entry === undefined) return;
      entries.remove(entry);
      dropped(entry.key, entry.value, 'room');
    }
  }

  return { end, sweep, makeRoom };
}

interface SweepPlan<Value> {
  readonly line: Entries<Value>['line'];
  readonly sweep: () => void;
}

/** The returned function schedules a sweep if anything expires. */
function createSweepPlan<Value>(
  { clock, keepMs }: RememberedOptions<Value>,
  { line, sweep }: SweepPlan<Value>,
) {
  let cancelSweep: (() => void) | undefined;

  return function plan(): void {
    const oldest = line.first?.item;
    if (oldest === undefined || keepMs === Infinity) {
      cancelSweep?.();
      cancelSweep = undefined;
      return;
    }
    cancelSweep ??= clock.schedule(Math.max(oldest.untilMs - clock.monotonic(), keepMs / SWEEPS), () => {
      cancelSweep = undefined;
      sweep();
      plan();
    });
  };
}
