import { createTokenBucket } from '@rolegate/runtime';
import type { Clock } from '@rolegate/runtime';

/** Events a second, and at once. The API server sheds load by 429; we stay far below it. */
const RATE = { ratePerSecond: 10, burst: 50 };

/** The most Events that wait, of one Namespace and in all. */
const MOST_OF_NAMESPACE = 100;
const MOST_WAITING = 1000;

/** The most Events that are sent at once, each of another Namespace: slow Events of one delay nobody else's. */
const MOST_AT_ONCE = 4;

export interface EventQueueDeps {
  readonly clock: Clock;
}

interface Item {
  readonly namespace: string;
}

export interface EventQueue<T> {
  /** Returns what had to be dropped, if anything: the item, or one of the Namespace that has the most. */
  put(item: T): T | undefined;
  /** Gives the items to `send`, in turn between Namespaces, until the signal aborts. `send` must not reject. */
  run(signal: AbortSignal, send: (item: T) => Promise<void>): Promise<void>;
  /** How many wait. */
  readonly size: number;
}

/** A queue that is bounded by Namespace, and gives out its items at a bounded rate. */
export function createEventQueue<T extends Item>({ clock }: EventQueueDeps): EventQueue<T> {
  const waiting = createWaitingItems<T>();
  /** Namespaces of which an item is being sent. */
  const sending = new Map<string, Promise<void>>();
  const bucket = createTokenBucket({ ...RATE, clock });
  let wake = ignore;

  /** The Namespace whose turn it is, if something can be sent now. */
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

/** The items of each Namespace, in the order of the Namespaces' turns. */
function createWaitingItems<T extends Item>() {
  /** The Namespace whose turn is next comes first; none without items. */
  const waiting = new Map<string, T[]>();
  let size = 0;
  return {
    size: () => size,
    namespaces: () => waiting.keys(),
    /** False: the Namespace has as many as it may have. */
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
      // Its next turn comes after everybody else's.
      if (items.length > 0) waiting.set(namespace, items);
      return item;
    },
    /** There is one too many: drops the newest of the Namespace with the most, of several such that of the last. */
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
  // Nobody waits.
}
