import type { Clock } from '@rolegate/runtime';
import type { ApiObject, Cut } from './objects.ts';
import type { WritableStore } from './store.ts';
import type { WatchEvent } from './watch-events.ts';

export interface IntakeDeps<T extends ApiObject> {
  readonly cut: (raw: unknown) => Cut<T>;
  readonly keyOf: (object: T) => string;
  readonly store: WritableStore<T>;
  readonly clock: Clock;
  /** What cannot be kept, and which object it is. */
  readonly passOver: (fault: string, which: string) => void;
}

/** Takes lists and events into a store. */
export interface Intake {
  /** Begins a list; the store sees nothing of it before it is whole. */
  list(): GatheredList;
  /** An event of a watch; the resourceVersion from which the watch can go on, if the event tells one. */
  event(event: WatchEvent): string | undefined;
}

/** A list on its way. */
export interface GatheredList {
  add(raw: unknown): void;
  /** An event of a streaming list; true when it was the last, and the store has the list. */
  event(event: WatchEvent): boolean;
  /** The store becomes the list: what is not in it is gone. */
  finish(resourceVersion: string): void;
}

export function createIntake<T extends ApiObject>({
  cut,
  keyOf,
  store,
  clock,
  passOver,
}: IntakeDeps<T>): Intake {
  function read(raw: unknown): T | undefined {
    const result = cut(raw);
    if ('object' in result) return result.object;
    passOver(result.fault, which(raw));
    return undefined;
  }

  function list(): GatheredList {
    const gathered = new Map<string, T>();
    function finish(resourceVersion: string): void {
      store.replaceAll(gathered.values(), resourceVersion, clock.monotonic());
    }
    function take(object: T | undefined, deleted: boolean): void {
      if (object === undefined) return;
      if (deleted) gathered.delete(keyOf(object));
      else gathered.set(keyOf(object), object);
    }
    return {
      finish,
      add(raw) {
        take(read(raw), false);
      },
      event(event) {
        // Real changes may come in between the objects of the list, deletions too.
        if (event.type !== 'BOOKMARK') take(read(event.object), event.type === 'DELETED');
        else if (event.endsList) finish(event.resourceVersion);
        return event.type === 'BOOKMARK' && event.endsList;
      },
    };
  }

  return {
    list,
    event(event) {
      if (event.type === 'BOOKMARK') {
        store.advance(event.resourceVersion);
        return event.resourceVersion;
      }
      const object = read(event.object);
      // What is wrong with a passed-over object does not stop the watch from going on behind it.
      if (object === undefined) return versionOf(event.object);
      if (event.type === 'DELETED') store.remove(object);
      else store.set(object);
      return object.resourceVersion;
    },
  };
}

function versionOf(raw: unknown): string | undefined {
  const { resourceVersion } = metadataOf(raw);
  return typeof resourceVersion === 'string' && resourceVersion !== '' ? resourceVersion : undefined;
}

function which(raw: unknown): string {
  const { namespace, name, uid } = metadataOf(raw);
  return [namespace, name, uid]
    .map((part) => (typeof part === 'string' ? part.slice(0, 253) : '?'))
    .join('/');
}

function metadataOf(raw: unknown): Record<string, unknown> {
  const { metadata } = (raw ?? {}) as { metadata?: unknown };
  return (metadata ?? {}) as Record<string, unknown>;
}
