import { createListeners, listenerFailed } from '@rolegate/runtime';
import type { Log } from '@rolegate/runtime';

/** The most objects that are doubted by key. Beyond it, all objects of the kind are doubted. */
const MOST = 1000;

/** Keys of objects, or all objects of a kind. */
export type Concerned = readonly string[] | 'all';

/** Objects of a kind whose last event could not be read, so that their stored state may be outdated. */
export interface Doubts {
  /** `key`: undefined for any object of the kind. */
  add(key: string | undefined): void;
  /** The object's state was read. True if it was doubted. */
  confirm(key: string): boolean;
  /** The object was deleted. True if it was doubted. If all objects are doubted, it will be again if it is created again. */
  gone(key: string): boolean;
  /** A list has confirmed all objects but the unreadable ones in it. Returns the objects that are no longer doubted. */
  listed(unreadable: Iterable<string | undefined>, listedKeys: Iterable<string>): Concerned;
  readonly has: (key: string) => boolean;
  /** The number of keys in memory: at most the number of objects, and 1,000. */
  readonly size: number;
}

export function createDoubts(): Doubts {
  const doubted = new Set<string>();
  /** Set if all objects are doubted but these. */
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

/** Doubts that notify listeners when they begin and end. */
export interface AnnouncedDoubts {
  readonly has: (key: string) => boolean;
  readonly onDoubt: (listener: (concerned: Concerned) => void) => void;
  /** As `Doubts.add`; notifies listeners only of a single object. */
  readonly doubt: (key: string | undefined) => void;
  /** Notifies the listeners that all objects are still doubted. */
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
