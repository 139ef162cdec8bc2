import type { FeedUpdate } from '@rolegate/protocol';

/** A gRPC server stream: `write` always accepts, but returns false when the stream is full. */
export interface Sink {
  /** False: the stream is full; wait for `drain`. */
  write(update: FeedUpdate): boolean;
  once(event: 'drain', listener: () => void): unknown;
}

export interface Outbox {
  /**
   * Sends the result of `make` when its turn comes. A newer one replaces one with the same key that still waits, so that a
   * slow reader gets the latest state and never a growing queue.
   */
  put(key: string, make: () => FeedUpdate | undefined): void;
  /** The same for a removal. Only removals can outnumber the existing Pods and sessions. */
  putEnd(key: string, make: () => FeedUpdate): void;
  /** Drops waiting updates; nothing is written from now on. */
  close(): void;
}

/** The most removals of Pods and sessions that wait for one reader. */
const MOST_ENDS = 4_096;

/**
 * The updates that wait for one stream, in the order in which their keys were first put. `overflowed` is called once if too
 * many removals wait, which would otherwise be kept until the reader reads.
 */
export function createOutbox(sink: Sink, overflowed: () => void = () => undefined): Outbox {
  const waiting = new Map<string, () => FeedUpdate | undefined>();
  const ends = new Set<string>();
  let full = false;
  let closed = false;
  let overfull = false;

  function flush(): void {
    for (const [key, make] of waiting) {
      if (full || closed) return;
      waiting.delete(key);
      ends.delete(key);
      const update = make();
      if (update === undefined || sink.write(update)) continue;
      full = true;
      sink.once('drain', () => {
        full = false;
        flush();
      });
    }
  }

  function put(key: string, make: () => FeedUpdate | undefined): void {
    waiting.set(key, make);
    if (!full) flush();
  }

  return {
    put(key, make) {
      if (closed) return;
      ends.delete(key);
      put(key, make);
    },
    putEnd(key, make) {
      if (closed) return;
      ends.add(key);
      put(key, make);
      if (overfull || ends.size <= MOST_ENDS) return;
      overfull = true;
      overflowed();
    },
    close() {
      closed = true;
      waiting.clear();
      ends.clear();
    },
  };
}
