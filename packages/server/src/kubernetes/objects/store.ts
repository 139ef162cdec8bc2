import { isOlderVersion } from '@rolegate/protocol';
import { BUG_HINT, createListeners, describeError } from '@rolegate/runtime';
import type { Log } from '@rolegate/runtime';
import { createAnnouncedDoubts } from './doubts.ts';
import type { Concerned } from './doubts.ts';
import type { ApiObject } from './objects.ts';

export type Change<T> =
  | {
      readonly kind: 'set';
      readonly object: T;
      readonly previous?: T;
      /** Set by a list rather than a watch event: states in between may have been missed. */
      readonly listed?: boolean;
    }
  /** The last state, with the resourceVersion of the deletion. */
  | { readonly kind: 'removed'; readonly object: T };

/** The objects of one kind. The store is never emptied because a list failed. */
export interface Store<T extends ApiObject> {
  get(key: string): T | undefined;
  values(): readonly T[];
  readonly size: number;
  /** Of the latest list, event or bookmark; '' before the first. */
  readonly resourceVersion: string;
  /** When the first full list was complete, on the monotonic clock. Milliseconds. */
  readonly syncedAtMs: number | undefined;
  /** Calls for each change, in order, after it was stored; the returned function removes the listener. */
  onChange(listener: (change: Change<T>) => void): () => void;
  /**
   * Whether an event of the object could not be read and its state has not been read since. Nothing new must be served based
   * on it (DESIGN.md 4.11). The store may not have the object.
   */
  isDoubted(key: string): boolean;
  /** Calls when objects become doubted, and when they no longer are; 'all': any object of the kind. */
  onDoubt(listener: (concerned: Concerned) => void): void;
}

/** A complete list. */
export interface FullList<T> {
  readonly objects: ReadonlyMap<string, T>;
  readonly resourceVersion: string;
  /** Keys of its unreadable objects; undefined for an object whose key is unreadable too. */
  readonly unreadable: readonly (string | undefined)[];
}

/** The watch loop's side of a store. */
export interface WritableStore<T extends ApiObject> extends Store<T> {
  set(object: T): void;
  /** `object`: from the event of its deletion. */
  remove(object: T): void;
  /** After a bookmark, or an event without a change. */
  advance(resourceVersion: string): void;
  /** Applies a full list: objects that are not in it are removed. Yields after each object, so that the caller can pause. */
  replace(list: FullList<T>, nowMs: number): Generator<undefined, void>;
  /** The same without pauses. */
  replaceAll(objects: Iterable<T>, resourceVersion: string, nowMs: number): void;
  /** An event of the object (undefined: of any) could not be read. Notifies listeners only of a single object. */
  doubt(key: string | undefined): void;
  /** Notifies the listeners that all objects are still doubted. */
  announceDoubt(): void;
  /** The number of keys that doubts have in memory. */
  readonly doubtedNames: number;
}

export interface StoreDeps<T> {
  readonly keyOf: (object: T) => string;
  readonly log: Log;
  /** Called for each object that was given to the store and is not stored, or no longer. */
  readonly dropped?: (object: T) => void;
  /** Called after a list that is older than the store, or has an older object: the API server went back to an older state. */
  readonly restored?: (from: string, to: string) => void;
}

/** Stores the latest state of each object of a kind and notifies listeners of changes. */
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

/** The objects by key, with listeners to their changes. */
function createObjects<T extends ApiObject>({
  keyOf,
  log,
  dropped,
}: Required<Pick<StoreDeps<T>, 'keyOf' | 'log' | 'dropped'>>) {
  const byKey = new Map<string, T>();
  const { tell, on } = createListeners<Change<T>>({
    failed(error, { kind, object: { name } }) {
      log.error('internal event handler failed', {
        to: 'cluster',
        change: kind,
        name,
        error: describeError(error),
        hint: `Other handlers ran. If decisions or credentials stop updating, restart the program. ${BUG_HINT}`,
      });
    },
  });

  /** `anyway`: even if the version is the same, because after a restore two states can have the same version. */
  function put(object: T, { listed, anyway = false }: { listed: boolean; anyway?: boolean }): void {
    const key = keyOf(object);
    const previous = byKey.get(key);
    if (!anyway && previous !== undefined && isSame(previous, object)) {
      dropped(object);
      return;
    }
    // A new object has the name: it must inherit nothing from the former one.
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
    /** False if the deletion is that of a former object with the same name. */
    remove(object: T): boolean {
      const known = byKey.get(keyOf(object));
      if (known?.uid === object.uid) drop(keyOf(object), known, object.resourceVersion);
      return known === undefined || known.uid === object.uid;
    },
  };
}

/** Applies a list. `anyway`: as for `put`. */
function* takeList<T extends ApiObject>(
  { byKey, put, drop }: ReturnType<typeof createObjects<T>>,
  { objects: listed, resourceVersion, unreadable }: FullList<T>,
  anyway: boolean,
): Generator<undefined, void> {
  const unread = new Set(unreadable);
  for (const [key, object] of byKey) {
    // An object that is unreadable in the list still exists.
    if (listed.has(key) || unread.has(key)) continue;
    drop(key, object, resourceVersion);
    yield;
  }
  for (const object of listed.values()) {
    put(object, { listed: true, anyway });
    yield;
  }
}

/** Whether the list has an older state of some object. */
function hasFormer<T extends ApiObject>({ objects }: FullList<T>, known: ReadonlyMap<string, T>): boolean {
  return [...objects].some(([key, object]) => isFormer(object, known.get(key)));
}

function isFormer(object: ApiObject, known: ApiObject | undefined): boolean {
  return known?.uid === object.uid && isOlderVersion(object.resourceVersion, known.resourceVersion);
}

/** The same version, unless some of its texts did not fit into a budget; they may fit now. */
function isSame(previous: ApiObject, object: ApiObject): boolean {
  if (previous.uid !== object.uid || previous.resourceVersion !== object.resourceVersion) return false;
  return !Object.values(previous.annotations).some((value) => typeof value !== 'string' && 'budget' in value);
}
