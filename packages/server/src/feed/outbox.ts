import type { FeedUpdate } from '@rolegate/protocol';

/** Where the outbox writes to: a gRPC server stream, in which `write` never refuses but says when it is full. */
export interface Sink {
  /** False: full, wait for `drain`. */
  write(update: FeedUpdate): boolean;
  once(event: 'drain', listener: () => void): unknown;
}

export interface Outbox {
  /**
   * Sends what `make` returns when its turn has come; a newer one under the same key replaces one that still
   * waits, so that a slow reader gets the latest state and never a growing queue.
   */
  put(key: string, make: () => FeedUpdate | undefined): void;
  /** The same for the end of what the key is about: only these can become more than what is there. */
  putEnd(key: string, make: () => FeedUpdate): void;
  /** Drops what waits; nothing is written any more. */
  close(): void;
}

/** Ends of Pods and sessions that wait for one reader. */
const MOST_ENDS = 4_096;

/**
 * The updates that wait for one stream, in the order in which their keys were first put. `overflowed` is called once if the
 * reader leaves too many names unread that are gone: they would be kept for as long as it reads nothing.
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
