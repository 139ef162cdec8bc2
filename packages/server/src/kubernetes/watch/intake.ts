import { setImmediate } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { record, textOf } from '@rolegate/runtime';
import type { Clock } from '@rolegate/runtime';
import { identityOf } from '../objects/objects.ts';
import type { ApiObject, Identity, PickResult } from '../objects/objects.ts';
import type { WritableStore } from '../objects/store.ts';
import type { UnreadableEvent, WatchEvent } from './watch-events.ts';

/** After this time other work gets a turn. Milliseconds. */
const SLICE_MS = 10;

export interface IntakeDeps<T extends ApiObject> {
  readonly pick: (raw: unknown) => PickResult<T>;
  readonly keyOf: (object: T) => string;
  /** The key of an unreadable object; undefined if too little of it can be read. */
  readonly keyOfPart: (identity: Identity) => string | undefined;
  readonly store: WritableStore<T>;
  readonly clock: Clock;
  /** Removes texts that do not fit from the object. `dropped` undoes it, unless the object was given to the store. */
  readonly admit: (object: T) => T;
  /** The object, or an equal one. */
  readonly dropped: (object: T) => void;
  /** Reports an unreadable object; its Namespace is '' if unknown. */
  readonly unreadable: (fault: string, which: string, namespace: string) => void;
}

/** Applies lists and events to a store. */
export interface Intake {
  /** Begins a list, which is applied only when it is complete. */
  list(): GatheredList;
  event(event: WatchEvent): Taken;
}

export interface Taken {
  /** The resourceVersion from which the watch can resume, if the event has one. */
  readonly from: string | undefined;
  /** A new list is needed to learn what the event was. */
  readonly unreadable: boolean;
}

/** A list in progress. */
export interface GatheredList {
  readonly add: (raw: unknown) => void;
  /** An event of a streaming list; resolves to true if it was the last, after the list was applied. */
  event(event: WatchEvent): boolean | Promise<boolean>;
  /** Applies the list: objects that are not in it are removed from the store. */
  finish(resourceVersion: string): Promise<void>;
  /** Drops an unfinished list. */
  abandon(): void;
  /** A change during a streaming list could not be read, so another list is needed. */
  readonly missedChange: boolean;
}

export function createIntake<T extends ApiObject>(deps: IntakeDeps<T>): Intake {
  const { store } = deps;
  const reader = createReader(deps);

  function missed(key: string | undefined, from: string | undefined): Taken {
    store.doubt(key);
    return { from, unreadable: true };
  }

  function missedEvent(event: UnreadableEvent): Taken {
    const miss = reader.unreadEvent(event);
    return miss === undefined ? { from: undefined, unreadable: true } : missed(miss.key, undefined);
  }

  return {
    list: () => createGatheredList(deps, reader),
    event(event) {
      if (event.type === 'UNREADABLE') return missedEvent(event);
      if (event.type === 'BOOKMARK') {
        store.advance(event.resourceVersion);
        return { from: event.resourceVersion, unreadable: false };
      }
      const result = reader.read(event.object);
      if ('key' in result) return missed(result.key, versionOf(event.object));
      const { object } = result;
      if (event.type === 'DELETED') store.remove(object);
      else store.set(object);
      return { from: object.resourceVersion, unreadable: false };
    },
  };
}

/** An unreadable object; `key` is undefined if that is unreadable too. */
interface Miss {
  readonly key: string | undefined;
}

/** Reads objects, and reports unreadable ones. */
interface Reader<T> {
  readonly read: (raw: unknown) => { readonly object: T } | Miss;
  /** Undefined if the event is not about an object. */
  readonly unreadEvent: (event: UnreadableEvent) => Miss | undefined;
}

function createReader<T extends ApiObject>(deps: IntakeDeps<T>): Reader<T> {
  const { pick, keyOfPart, admit, unreadable } = deps;

  function unread(fault: string, identity: Identity): Miss {
    unreadable(fault, nameOf(identity), identity.namespace);
    return { key: keyOfPart(identity) };
  }

  return {
    read(raw) {
      const result = pick(raw);
      return 'object' in result ? { object: admit(result.object) } : unread(result.fault, identityOf(raw));
    },
    unreadEvent({ fault, identity }) {
      if (identity !== undefined) return unread(fault, identity);
      unreadable(fault, '', '');
      return undefined;
    },
  };
}

function createGatheredList<T extends ApiObject>(deps: IntakeDeps<T>, reader: Reader<T>): GatheredList {
  const { keyOf, store, clock, dropped } = deps;
  let gathered = new Map<string, T>();
  const unreadable: (string | undefined)[] = [];
  let missedChange = false;

  function drop(key: string): void {
    const former = gathered.get(key);
    if (former === undefined) return;
    gathered.delete(key);
    dropped(former);
  }

  function miss(missed: Miss | undefined, isChange: boolean): void {
    if (missed === undefined) return;
    const { key } = missed;
    if (key !== undefined) drop(key);
    unreadable.push(key);
    missedChange ||= isChange;
  }

  function take(raw: unknown, type: 'ADDED' | 'MODIFIED' | 'DELETED'): void {
    const result = reader.read(raw);
    if ('key' in result) {
      miss(result, type !== 'ADDED');
      return;
    }
    const key = keyOf(result.object);
    drop(key);
    if (type === 'DELETED') dropped(result.object);
    else gathered.set(key, asStored(key, result.object));
  }

  /** An equal object of the store counts as the new one, so that a new list does not need the memory of the old one again. */
  function asStored(key: string, object: T): T {
    const stored = store.get(key);
    return stored !== undefined && isDeepStrictEqual(stored, object) ? stored : object;
  }

  async function finish(resourceVersion: string): Promise<void> {
    const objects = gathered;
    gathered = new Map();
    const steps = store.replace({ objects, resourceVersion, unreadable }, clock.monotonic());
    await runInSlices(steps, clock);
  }

  return {
    finish,
    add(raw) {
      take(raw, 'ADDED');
    },
    event(event) {
      // Changes, deletions included, may be mixed with the objects of the list.
      if (event.type === 'UNREADABLE') miss(reader.unreadEvent(event), true);
      else if (event.type !== 'BOOKMARK') take(event.object, event.type);
      else if (event.endsList) return finish(event.resourceVersion).then(() => true);
      return false;
    },
    abandon() {
      for (const key of [...gathered.keys()]) drop(key);
    },
    get missedChange() {
      return missedChange;
    },
  };
}

async function runInSlices(steps: Iterator<undefined, void>, clock: Pick<Clock, 'monotonic'>): Promise<void> {
  let sinceMs = clock.monotonic();
  while (steps.next().done !== true) {
    if (clock.monotonic() - sinceMs < SLICE_MS) continue;
    await setImmediate();
    sinceMs = clock.monotonic();
  }
}

function versionOf(raw: unknown): string | undefined {
  const version = textOf(record(record(raw)['metadata'])['resourceVersion']);
  return version === '' ? undefined : version;
}

function nameOf({ namespace, name, uid }: Identity): string {
  return [namespace, name, uid].map((part) => (part === '' ? '?' : part)).join('/');
}
