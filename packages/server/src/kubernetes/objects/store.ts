import { isOlderVersion } from '@rolegate/protocol';
import { createListeners, describeError } from '@rolegate/runtime';
import type { Log } from '@rolegate/runtime';
import { createAnnouncedDoubts } from './doubts.ts';
import type { Concerned } from './doubts.ts';
import type { ApiObject } from './objects.ts';

export type Change<T> =
  | {
      readonly kind: 'set';
      readonly object: T;
      readonly previous?: T;
      /** By a list, not by a watch event: there may have been states between the two that nobody has seen. */
      readonly listed?: boolean;
    }
  /** As last seen, but with the resourceVersion at which it was gone. */
  | { readonly kind: 'removed'; readonly object: T };

/** What the cluster's watch says of one kind. It is never emptied because a list failed. */
export interface Store<T extends ApiObject> {
  get(key: string): T | undefined;
  values(): readonly T[];
  readonly size: number;
  /** Of the latest list, event or bookmark; '' before the first. */
  readonly resourceVersion: string;
  /** When the first full list was in, on the monotonic clock. Milliseconds. */
  readonly syncedAtMs: number | undefined;
  /** Calls for each change, in order, after the store has it; the returned function ends it. */
  onChange(listener: (change: Change<T>) => void): () => void;
  /**
   * True from when an event of the object could not be read until its state is known again: nothing new may be served on
   * it (DESIGN.md 4.11). It may be an object that the store does not have.
   */
  isDoubted(key: string): boolean;
  /** Calls when objects are doubted, and when they no longer are; 'all': any of the kind. */
  onDoubt(listener: (concerned: Concerned) => void): void;
}

/** A list that was read to its end. */
export interface FullList<T> {
  readonly objects: ReadonlyMap<string, T>;
  readonly resourceVersion: string;
  /** Keys of what could not be read in it; undefined: not even which object it was. */
  readonly unreadable: readonly (string | undefined)[];
}

/** The watch loop's side of a store. */
export interface WritableStore<T extends ApiObject> extends Store<T> {
  set(object: T): void;
  /** `object` as the event of its deletion has it. */
  remove(object: T): void;
  /** A bookmark, or an event for which nothing is kept. */
  advance(resourceVersion: string): void;
  /** A full list: what is not in it is gone. It stops after each object, so that its caller can pause. */
  replace(list: FullList<T>, nowMs: number): Generator<undefined, void>;
  /** The same at once. */
  replaceAll(objects: Iterable<T>, resourceVersion: string, nowMs: number): void;
  /** An event of the object could not be read; undefined: of any. The listeners are told of a single object only. */
  doubt(key: string | undefined): void;
  /** Tells the listeners that all are doubted still. */
  announceDoubt(): void;
  /** Names of objects that are doubted, or of those that are not if all others are. */
  readonly doubtedNames: number;
}

export interface StoreDeps<T> {
  readonly keyOf: (object: T) => string;
  readonly log: Log;
  /** Called for each object that was given to the store and is not, or no longer, kept. */
  readonly dropped?: (object: T) => void;
  /** A list is older than what was known, or an object in it is: the API server has gone back. The store has the list. */
  readonly restored?: (from: string, to: string) => void;
}

/** Keeps the latest state of each object of a kind and tells its listeners what changed. */
export function createStore<T extends ApiObject>(deps: StoreDeps<T>): WritableStore<T> {
  const { keyOf, log, dropped = () => undefined, restored = () => undefined } = deps;
  const objects = createObjects({ keyOf, log, dropped });
  const doubts = createAnnouncedDoubts(log);
  let resourceVersion = '';
  let syncedAtMs: number | undefined;

  function* replace(list: FullList<T>, nowMs: number): Generator<undefined, void> {
    const [from, to] = [resourceVersion, list.resourceVersion];
    const isListOlder = isOlderVersion(to, from);
    const isOlder = isListOlder || hasFormer(list, objects.byKey);
    resourceVersion = to;
    yield* takeList(objects, list, isListOlder);
    doubts.listed(list.unreadable, list.objects.keys());
    syncedAtMs ??= nowMs;
    if (isOlder) restored(from, to);
  }

  return {
    get: (key) => objects.byKey.get(key),
    values: () => [...objects.byKey.values()],
    get size() {
      return objects.byKey.size;
    },
    get resourceVersion() {
      return resourceVersion;
    },
    get syncedAtMs() {
      return syncedAtMs;
    },
    onChange: objects.onChange,
    isDoubted: doubts.has,
    onDoubt: doubts.onDoubt,
    doubt: doubts.doubt,
    announceDoubt: doubts.announce,
    get doubtedNames() {
      return doubts.size();
    },
    set(object) {
      resourceVersion = object.resourceVersion;
      objects.put(object, { listed: false });
      doubts.confirm(keyOf(object));
    },
    remove(object) {
      resourceVersion = object.resourceVersion;
      if (objects.remove(object)) doubts.gone(keyOf(object));
      else doubts.confirm(keyOf(object));
      dropped(object);
    },
    advance(next) {
      resourceVersion = next;
    },
    replace,
    replaceAll(all, next, nowMs) {
      const listed = new Map([...all].map((object) => [keyOf(object), object]));
      const steps = replace({ objects: listed, resourceVersion: next, unreadable: [] }, nowMs);
      while (steps.next().done !== true);
    },
  };
}

/** The objects by their keys, and the listeners to their changes. */
function createObjects<T extends ApiObject>({
  keyOf,
  log,
  dropped,
}: Required<Pick<StoreDeps<T>, 'keyOf' | 'log' | 'dropped'>>) {
  const byKey = new Map<string, T>();
  const { tell, on } = createListeners<Change<T>>({
    failed(error, { kind, object: { name } }) {
      log.error('event listener failed', {
        to: 'cluster',
        change: kind,
        name,
        error: describeError(error),
        hint: 'this is a bug in the server; report it with this line',
      });
    },
  });

  /** `anyway`: the same version may have been given twice, to two states. */
  function put(object: T, { listed, anyway = false }: { listed: boolean; anyway?: boolean }): void {
    const key = keyOf(object);
    const previous = byKey.get(key);
    if (!anyway && previous !== undefined && isSame(previous, object)) {
      dropped(object);
      return;
    }
    // Another object has the name now: it must inherit nothing from the former one.
    if (previous !== undefined && previous.uid !== object.uid) drop(key, previous, object.resourceVersion);
    const before = byKey.get(key);
    byKey.set(key, object);
    if (before === undefined) tell({ kind: 'set', object });
    else tell({ kind: 'set', object, previous: before, ...(listed && { listed }) });
    if (before !== undefined) dropped(before);
  }

  function drop(key: string, object: T, goneAt: string): void {
    byKey.delete(key);
    tell({ kind: 'removed', object: { ...object, resourceVersion: goneAt } });
    dropped(object);
  }

  return {
    byKey,
    onChange: on,
    put,
    drop,
    /** False: the deletion comes late, and is not that of the object that has the name now. */
    remove(object: T): boolean {
      const known = byKey.get(keyOf(object));
      if (known?.uid === object.uid) drop(keyOf(object), known, object.resourceVersion);
      return known === undefined || known.uid === object.uid;
    },
  };
}

/** Makes the objects those of the list. `anyway`: as for `put`. */
function* takeList<T extends ApiObject>(
  { byKey, put, drop }: ReturnType<typeof createObjects<T>>,
  { objects: listed, resourceVersion, unreadable }: FullList<T>,
  anyway: boolean,
): Generator<undefined, void> {
  const unread = new Set(unreadable);
  for (const [key, object] of byKey) {
    // What was there and cannot be read is not gone.
    if (listed.has(key) || unread.has(key)) continue;
    drop(key, object, resourceVersion);
    yield;
  }
  for (const object of listed.values()) {
    put(object, { listed: true, anyway });
    yield;
  }
}

/** Whether the list has an earlier state of some object. */
function hasFormer<T extends ApiObject>({ objects }: FullList<T>, known: ReadonlyMap<string, T>): boolean {
  return [...objects].some(([key, object]) => isFormer(object, known.get(key)));
}

/** An earlier state of the object. */
function isFormer(object: ApiObject, known: ApiObject | undefined): boolean {
  return known?.uid === object.uid && isOlderVersion(object.resourceVersion, known.resourceVersion);
}

/** The same version, unless some of its texts had no room then: they may have now. */
function isSame(previous: ApiObject, object: ApiObject): boolean {
  if (previous.uid !== object.uid || previous.resourceVersion !== object.resourceVersion) return false;
  return !Object.values(previous.annotations).some((value) => typeof value !== 'string' && 'budget' in value);
}
