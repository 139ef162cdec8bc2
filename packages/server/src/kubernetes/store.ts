import { describeError } from '@rolegate/runtime';
import type { Log } from '@rolegate/runtime';
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
  /** The latest that list, event or bookmark told; '' before the first. */
  readonly resourceVersion: string;
  /** When the first full list was in, on the monotonic clock. Milliseconds. */
  readonly syncedAtMs: number | undefined;
  /** Calls for each change, in order, after the store has it; the returned function ends it. */
  onChange(listener: (change: Change<T>) => void): () => void;
}

/** The watch loop's side of a store. */
export interface WritableStore<T extends ApiObject> extends Store<T> {
  set(object: T): void;
  /** `object` as its deletion told it. */
  remove(object: T): void;
  /** A bookmark, or an event for which nothing is kept. */
  advance(resourceVersion: string): void;
  /** A full list: what is not in it is gone. */
  replaceAll(objects: Iterable<T>, resourceVersion: string, nowMs: number): void;
}

export interface StoreDeps<T> {
  readonly keyOf: (object: T) => string;
  readonly log: Log;
}

/** Keeps the latest state of each object of a kind and tells its listeners what changed. */
export function createStore<T extends ApiObject>({ keyOf, log }: StoreDeps<T>): WritableStore<T> {
  const objects = new Map<string, T>();
  const listeners = new Set<(change: Change<T>) => void>();
  let resourceVersion = '';
  let syncedAtMs: number | undefined;

  function tell(change: Change<T>): void {
    for (const listener of listeners) {
      try {
        listener(change);
      } catch (error) {
        // One listener's fault is neither the loop's nor the next listener's.
        log.error('a listener of the cluster failed', {
          change: change.kind,
          name: change.object.name,
          error: describeError(error),
        });
      }
    }
  }

  function put(object: T, listed: boolean): void {
    const key = keyOf(object);
    const previous = objects.get(key);
    if (previous?.uid === object.uid && previous.resourceVersion === object.resourceVersion) return;
    // The name is another object's now: nothing of the former may pass to it.
    if (previous !== undefined && previous.uid !== object.uid) drop(key, previous, object.resourceVersion);
    const before = objects.get(key);
    objects.set(key, object);
    if (before === undefined) tell({ kind: 'set', object });
    else tell({ kind: 'set', object, previous: before, ...(listed && { listed }) });
  }

  function drop(key: string, object: T, goneAt: string): void {
    objects.delete(key);
    tell({ kind: 'removed', object: { ...object, resourceVersion: goneAt } });
  }

  return {
    get: (key) => objects.get(key),
    values: () => [...objects.values()],
    get size() {
      return objects.size;
    },
    get resourceVersion() {
      return resourceVersion;
    },
    get syncedAtMs() {
      return syncedAtMs;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    set(object) {
      resourceVersion = object.resourceVersion;
      put(object, false);
    },
    remove(object) {
      resourceVersion = object.resourceVersion;
      const known = objects.get(keyOf(object));
      // A deletion that comes late is not that of the object that has the name now.
      if (known?.uid === object.uid) drop(keyOf(object), known, object.resourceVersion);
    },
    advance(next) {
      resourceVersion = next;
    },
    replaceAll(all, next, nowMs) {
      const listed = new Map([...all].map((object) => [keyOf(object), object]));
      resourceVersion = next;
      for (const [key, object] of objects) if (!listed.has(key)) drop(key, object, next);
      for (const object of listed.values()) put(object, true);
      syncedAtMs ??= nowMs;
    },
  };
}
