import { createListeners, listenerFailed } from '@rolegate/runtime';
import type { Log } from '@rolegate/runtime';

/** The most objects that are doubted by name; if there are more, all of the kind are doubted. */
const MOST = 1000;

/** Keys of objects, or all objects of a kind. */
export type Concerned = readonly string[] | 'all';

/** Objects of a kind of which an event could not be read: the state that we know of them may be a former one. */
export interface Doubts {
  /** An object by its key; undefined: any object of the kind. */
  add(key: string | undefined): void;
  /** The object's state is known again. True if it was doubted. */
  confirm(key: string): boolean;
  /** The object is gone: nothing of it is kept. True if it was doubted; if all are, it is still, should it come again. */
  gone(key: string): boolean;
  /** A list has confirmed all objects but those that were unreadable in it. Returns whose doubt that ends. */
  listed(unreadable: Iterable<string | undefined>, listedKeys: Iterable<string>): Concerned;
  readonly has: (key: string) => boolean;
  /** How many names this takes: never more than there are objects, and 1,000. */
  readonly size: number;
}

export function createDoubts(): Doubts {
  const doubted = new Set<string>();
  /** Present: all are doubted but these. */
  let confirmed: Set<string> | undefined;

  function add(key: string | undefined): void {
    if (key !== undefined && doubted.size < MOST) {
      confirmed?.delete(key);
      doubted.add(key);
      return;
    }
    doubted.clear();
    confirmed = new Set();
  }

  function has(key: string): boolean {
    return doubted.has(key) || (confirmed !== undefined && !confirmed.has(key));
  }

  function confirm(key: string): boolean {
    if (!has(key)) return false;
    doubted.delete(key);
    confirmed?.add(key);
    return true;
  }

  return {
    add,
    has,
    confirm,
    gone(key) {
      const was = has(key);
      doubted.delete(key);
      confirmed?.delete(key);
      return was;
    },
    get size() {
      return doubted.size + (confirmed?.size ?? 0);
    },
    listed(unreadable, listedKeys) {
      const concerned = confirmed === undefined ? [...doubted] : 'all';
      doubted.clear();
      confirmed = undefined;
      for (const key of unreadable) add(key);
      for (const key of listedKeys) if (!doubted.has(key)) confirm(key);
      return concerned;
    },
  };
}

/** Doubts whose beginning and end are told to listeners. */
export interface AnnouncedDoubts {
  readonly has: (key: string) => boolean;
  readonly onDoubt: (listener: (concerned: Concerned) => void) => void;
  /** As `Doubts.add`; the listeners are told of a single object only. */
  readonly doubt: (key: string | undefined) => void;
  /** Tells the listeners that all are doubted still. */
  readonly announce: () => void;
  readonly confirm: (key: string) => void;
  readonly gone: (key: string) => void;
  readonly listed: (unreadable: readonly (string | undefined)[], listedKeys: Iterable<string>) => void;
  readonly size: () => number;
}

export function createAnnouncedDoubts(log: Log): AnnouncedDoubts {
  const doubts = createDoubts();
  const listeners = createListeners<Concerned>({ failed: listenerFailed(log, 'doubted objects') });

  function tell(concerned: Concerned): void {
    if (concerned.length > 0) listeners.tell(concerned);
  }

  return {
    has: doubts.has,
    onDoubt: listeners.on,
    doubt(key) {
      doubts.add(key);
      if (key !== undefined) tell([key]);
    },
    announce() {
      tell('all');
    },
    confirm(key) {
      if (doubts.confirm(key)) tell([key]);
    },
    gone(key) {
      if (doubts.gone(key)) tell([key]);
    },
    listed(unreadable, listedKeys) {
      tell(doubts.listed(unreadable, listedKeys));
      for (const key of new Set(unreadable)) tell(key === undefined ? 'all' : [key]);
    },
    size: () => doubts.size,
  };
}
