import type { FeedUpdate } from '@rolegate/protocol';

/** Where the outbox writes to: a gRPC server stream, in which `write` never refuses but says when it is full. */
export interface Sink {
  /** False: full, wait for `drain`. */
  write(update: FeedUpdate): boolean;
  once(event: 'drain', listener: () => void): unknown;
}

export interface Outbox {
  /**
   * Sends what `make` returns when its turn has come; a newer one under the same key takes the place of one that still
   * waits, so that a slow reader gets the latest state and never a growing queue.
   */
  put(key: string, make: () => FeedUpdate | undefined): void;
  /** Drops what waits; nothing is written any more. */
  close(): void;
}

/** The updates that wait for one stream, in the order in which their keys were first put. */
export function createOutbox(sink: Sink): Outbox {
  const waiting = new Map<string, () => FeedUpdate | undefined>();
  let full = false;
  let closed = false;

  function flush(): void {
    for (const [key, make] of waiting) {
      if (full || closed) return;
      waiting.delete(key);
      const update = make();
      if (update === undefined || sink.write(update)) continue;
      full = true;
      sink.once('drain', () => {
        full = false;
        flush();
      });
    }
  }

  return {
    put(key, make) {
      if (closed) return;
      waiting.set(key, make);
      if (!full) flush();
    },
    close() {
      closed = true;
      waiting.clear();
    },
  };
}
