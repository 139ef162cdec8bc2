import { setImmediate } from 'node:timers/promises';
import { record, textOf } from '@rolegate/runtime';
import type { Clock } from '@rolegate/runtime';
import { identityOf } from '../objects/objects.ts';
import type { ApiObject, Identity, PickResult } from '../objects/objects.ts';
import type { WritableStore } from '../objects/store.ts';
import type { UnreadableEvent, WatchEvent } from './watch-events.ts';

/** After this time the event loop gets a turn. Milliseconds. */
const SLICE_MS = 10;

export interface IntakeDeps<T extends ApiObject> {
  readonly pick: (raw: unknown) => PickResult<T>;
  readonly keyOf: (object: T) => string;
  /** The same by what could be read of an object; undefined if that is too little. */
  readonly keyOfPart: (identity: Identity) => string | undefined;
  readonly store: WritableStore<T>;
  readonly clock: Clock;
  /** The object without texts that have no room; `dropped` undoes it, unless the store has been given the object. */
  readonly admit: (object: T) => T;
  readonly dropped: (object: T) => void;
  /** What could not be read, and which object it is; its Namespace is '' if it is not known. */
  readonly unreadable: (fault: string, which: string, namespace: string) => void;
}

/** Takes lists and events into a store. */
export interface Intake {
  /** Begins a list; the store sees nothing of it before it is whole. */
  list(): GatheredList;
  event(event: WatchEvent): Taken;
}

export interface Taken {
  /** The resourceVersion from which the watch can be resumed, if the event tells one. */
  readonly from: string | undefined;
  /** Only a list can tell what the event was. */
  readonly unreadable: boolean;
}

/** A list on its way. */
export interface GatheredList {
  readonly add: (raw: unknown) => void;
  /** An event of a streaming list; resolves to true when it was the last, and the store has the list. */
  event(event: WatchEvent): boolean | Promise<boolean>;
  /** The store becomes the list: what is not in it is gone. */
  finish(resourceVersion: string): Promise<void>;
  /** It was not finished. */
  abandon(): void;
  /** A change during a streaming list could not be read: only another list can tell what it was. */
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

/** Which object cannot be read; undefined: that cannot be said. */
interface Miss {
  readonly key: string | undefined;
}

/** Reads objects, and says what cannot be read. */
interface Reader<T> {
  readonly read: (raw: unknown) => { readonly object: T } | Miss;
  /** Undefined: the event is not about an object. */
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
    else gathered.set(key, result.object);
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
      // Real changes may come in between the objects of the list, deletions too.
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
