import { createTokenBucket } from '@rolegate/runtime';
import type { Clock } from '@rolegate/runtime';

/** The rate of Events, far below the load at which the API server answers 429. */
const RATE = { ratePerSecond: 10, burst: 50 };

/** The most waiting Events of one Namespace and in all. */
const MOST_OF_NAMESPACE = 100;
const MOST_WAITING = 1000;

/** The most concurrent requests, each for another Namespace, so that slow Events of one do not delay others. */
const MOST_AT_ONCE = 4;

export interface EventQueueDeps {
  readonly clock: Clock;
}

interface Item {
  readonly namespace: string;
}

export interface EventQueue<T> {
  /** Returns the item that was dropped, if any: this one, or one of the Namespace with the most. */
  put(item: T): T | undefined;
  /** Sends items, round-robin between Namespaces, until the signal aborts. `send` must not reject. */
  run(signal: AbortSignal, send: (item: T) => Promise<void>): Promise<void>;
  /** The number of waiting items. */
  readonly size: number;
}

/** A queue with a limit for each Namespace and a limited rate. */
export function createEventQueue<T extends Item>({ clock }: EventQueueDeps): EventQueue<T> {
  const waiting = createWaitingItems<T>();
  /** Namespaces with a request in progress. */
  const sending = new Map<string, Promise<void>>();
  const bucket = createTokenBucket({ ...RATE, clock });
  let wake = ignore;

  /** The next Namespace, if something can be sent now. */
  function next(): string | undefined {
    if (sending.size >= MOST_AT_ONCE) return undefined;
    for (const namespace of waiting.namespaces()) if (!sending.has(namespace)) return namespace;
    return undefined;
  }

  function changed(signal: AbortSignal): Promise<void> {
    return new Promise<void>((resolve) => {
      wake = resolve;
      signal.addEventListener('abort', wake, { once: true });
    }).then(() => {
      signal.removeEventListener('abort', wake);
      wake = ignore;
    });
  }

  return {
    put(item) {
      if (!waiting.put(item)) return item;
      wake();
      return waiting.size() > MOST_WAITING ? waiting.dropOne() : undefined;
    },
    async run(signal, send) {
      while (!signal.aborted) {
        const namespace = next();
        if (namespace === undefined) {
          await changed(signal);
          continue;
        }
        if (bucket.left() < 1) {
          await clock.sleep(bucket.nextInMs(), signal);
          continue;
        }
        const item = waiting.take(namespace);
        if (item === undefined) continue;
        bucket.take();
        const sent = send(item).finally(() => {
          sending.delete(namespace);
          wake();
        });
        sending.set(namespace, sent);
      }
      await Promise.all(sending.values());
    },
    get size() {
      return waiting.size();
    },
  };
}

/** The waiting items, by Namespace in the order of turns. */
function createWaitingItems<T extends Item>() {
  /** The next Namespace is first; none is empty. */
  const waiting = new Map<string, T[]>();
  let size = 0;
  return {
    size: () => size,
    namespaces: () => waiting.keys(),
    /** False if the Namespace is at its limit. */
    put(item: T): boolean {
      const items = waiting.get(item.namespace) ?? [];
      if (items.length >= MOST_OF_NAMESPACE) return false;
      waiting.set(item.namespace, items);
      items.push(item);
      size += 1;
      return true;
    },
    take(namespace: string): T | undefined {
      const items = waiting.get(namespace) ?? [];
      const item = items.shift();
      if (item !== undefined) size -= 1;
      waiting.delete(namespace);
      // The Namespace moves to the end.
      if (items.length > 0) waiting.set(namespace, items);
      return item;
    },
    /** Drops the newest item of the Namespace with the most; of several such, the last. */
    dropOne(): T | undefined {
      let largest: [string, T[]] | undefined;
      for (const one of waiting) if (one[1].length >= (largest?.[1].length ?? 0)) largest = one;
      const [namespace = '', items = []] = largest ?? [];
      const item = items.pop();
      if (item !== undefined) size -= 1;
      if (items.length === 0) waiting.delete(namespace);
      return item;
    },
  };
}

function ignore(): void {
  // Nothing waits.
}
