import { setImmediate } from 'node:timers/promises';
import { record, textOf } from '@rolegate/runtime';
import type { Clock } from '@rolegate/runtime';
import { identityOf } from './objects.ts';
import type { ApiObject, Cut, Identity } from './objects.ts';
import type { WritableStore } from './store.ts';
import type { UnreadableEvent, WatchEvent } from './watch-events.ts';

/** Everything else gets a turn after so long. Milliseconds. */
const SLICE_MS = 10;

export interface IntakeDeps<T extends ApiObject> {
  readonly cut: (raw: unknown) => Cut<T>;
  readonly keyOf: (object: T) => string;
  /** The same by what could be read of an object; undefined if that is too little. */
  readonly keyOfPart: (identity: Identity) => string | undefined;
  readonly store: WritableStore<T>;
  readonly clock: Clock;
  /** What of the object there is room for; `dropped` undoes it, unless the store has been given the object. */
  readonly hold: (object: T) => T;
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
  const { cut, keyOf, keyOfPart, store, clock, hold, dropped, unreadable } = deps;

  /** The object, or the key of what cannot be read. */
  function read(raw: unknown): { object: T } | { key: string | undefined } {
    const result = cut(raw);
    if ('object' in result) return { object: hold(result.object) };
    return { key: unread(result.fault, identityOf(raw)) };
  }

  function unread(fault: string, identity: Identity): string | undefined {
    unreadable(fault, nameOf(identity), identity.namespace);
    return keyOfPart(identity);
  }

  function list(): GatheredList {
    let gathered = new Map<string, T>();
    const unreadables: (string | undefined)[] = [];
    let missedChange = false;

    function drop(key: string): void {
      const former = gathered.get(key);
      if (former === undefined) return;
      gathered.delete(key);
      dropped(former);
    }

    function take(raw: unknown, type: 'ADDED' | 'MODIFIED' | 'DELETED'): void {
      const result = read(raw);
      if ('key' in result) {
        miss(result.key, type !== 'ADDED');
        return;
      }
      const key = keyOf(result.object);
      drop(key);
      if (type === 'DELETED') dropped(result.object);
      else gathered.set(key, result.object);
    }

    function miss(key: string | undefined, isChange: boolean): void {
      if (key !== undefined) drop(key);
      unreadables.push(key);
      missedChange ||= isChange;
    }

    function missEvent({ fault, identity }: UnreadableEvent): void {
      if (identity === undefined) unreadable(fault, '', '');
      else miss(unread(fault, identity), true);
    }

    async function finish(resourceVersion: string): Promise<void> {
      const whole = gathered;
      gathered = new Map();
      const steps = store.replace(
        { objects: whole, resourceVersion, unreadable: unreadables },
        clock.monotonic(),
      );
      let sinceMs = clock.monotonic();
      while (steps.next().done !== true) {
        if (clock.monotonic() - sinceMs < SLICE_MS) continue;
        await setImmediate();
        sinceMs = clock.monotonic();
      }
    }

    return {
      finish,
      add(raw) {
        take(raw, 'ADDED');
      },
      event(event) {
        // Real changes may come in between the objects of the list, deletions too.
        if (event.type === 'UNREADABLE') missEvent(event);
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

  function missed(key: string | undefined, from: string | undefined): Taken {
    store.doubt(key);
    return { from, unreadable: true };
  }

  function missedEvent({ fault, identity }: UnreadableEvent): Taken {
    if (identity !== undefined) return missed(unread(fault, identity), undefined);
    unreadable(fault, '', '');
    return { from: undefined, unreadable: true };
  }

  return {
    list,
    event(event) {
      if (event.type === 'UNREADABLE') return missedEvent(event);
      if (event.type === 'BOOKMARK') {
        store.advance(event.resourceVersion);
        return { from: event.resourceVersion, unreadable: false };
      }
      const result = read(event.object);
      if ('key' in result) return missed(result.key, versionOf(event.object));
      const { object } = result;
      if (event.type === 'DELETED') store.remove(object);
      else store.set(object);
      return { from: object.resourceVersion, unreadable: false };
    },
  };
}

function versionOf(raw: unknown): string | undefined {
  const version = textOf(record(record(raw)['metadata'])['resourceVersion']);
  return version === '' ? undefined : version;
}

function nameOf({ namespace, name, uid }: Identity): string {
  return [namespace, name, uid].map((part) => (part === '' ? '?' : part)).join('/');
}
