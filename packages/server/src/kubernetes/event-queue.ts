import type { Clock } from '@rolegate/runtime';

/** Events a second, and at once. The API server sheds load by 429; we stay far below it. */
const RATE = { perSecond: 10, burst: 50 };

/** What waits is at most so many; what comes then is dropped. */
const MAX_WAITING = 1000;

/** A bounded queue that gives out its items at a bounded rate. */
export interface EventQueue<T> {
  /** False when it is full: the item is dropped. */
  put(item: T): boolean;
  /** The next item when there is one and its turn has come; undefined when the signal aborts. */
  take(signal: AbortSignal): Promise<T | undefined>;
}

export function createEventQueue<T>({ clock }: { clock: Clock }): EventQueue<T> {
  const items: T[] = [];
  let wake = ignore;
  let tokens = RATE.burst;
  let filledMs = clock.monotonic();

  function waitForItem(signal: AbortSignal): Promise<void> {
    return new Promise<void>((resolve) => {
      wake = resolve;
      if (items.length > 0 || signal.aborted) resolve();
      else signal.addEventListener('abort', wake, { once: true });
    }).then(() => {
      signal.removeEventListener('abort', wake);
      wake = ignore;
    });
  }

  /** Milliseconds until a token is there; taken when it is 0. */
  function takeToken(): number {
    const now = clock.monotonic();
    tokens = Math.min(RATE.burst, tokens + ((now - filledMs) / 1000) * RATE.perSecond);
    filledMs = now;
    if (tokens < 1) return Math.ceil(((1 - tokens) / RATE.perSecond) * 1000);
    tokens -= 1;
    return 0;
  }

  return {
    put(item) {
      if (items.length >= MAX_WAITING) return false;
      items.push(item);
      wake();
      return true;
    },
    async take(signal) {
      while (items.length === 0 && !signal.aborted) await waitForItem(signal);
      for (let waitMs = takeToken(); waitMs > 0 && !signal.aborted; waitMs = takeToken()) {
        await clock.sleep(waitMs, signal);
      }
      return signal.aborted ? undefined : items.shift();
    },
  };
}

function ignore(): void {
  // Nobody waits.
}
