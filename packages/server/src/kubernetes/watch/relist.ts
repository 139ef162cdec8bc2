import type { Clock } from '@rolegate/runtime';

/** The minimum interval of lists by cause; DESIGN.md 4.11: within 5 s. Milliseconds. */
const APART_MS = { unreadable: 4_000, room: 60_000, older: 2_000 };

export type RelistCause = keyof typeof APART_MS;

/** Requests lists of a kind, at a limited rate. */
export interface Relist {
  request(cause: RelistCause): void;
  /** Why a list is due now; undefined if none is. */
  readonly due: RelistCause | undefined;
  /** Aborts when the next list is due. */
  readonly signal: AbortSignal;
  /** A list begins, which satisfies all requests until now. */
  begin(): void;
}

export function createRelist(clock: Pick<Clock, 'monotonic' | 'schedule'>): Relist {
  let begunMs = -Infinity;
  let due: RelistCause | undefined;
  let waiting: { readonly atMs: number; readonly cancel: () => void } | undefined;
  let stop = new AbortController();

  function becomeDue(cause: RelistCause): void {
    waiting = undefined;
    due = cause;
    stop.abort();
  }

  return {
    request(cause) {
      const atMs = begunMs + APART_MS[cause];
      if (due !== undefined || (waiting !== undefined && waiting.atMs <= atMs)) return;
      waiting?.cancel();
      const inMs = atMs - clock.monotonic();
      if (inMs <= 0) {
        becomeDue(cause);
        return;
      }
      const cancel = clock.schedule(inMs, () => {
        becomeDue(cause);
      });
      waiting = { atMs, cancel };
    },
    get due() {
      return due;
    },
    get signal() {
      return stop.signal;
    },
    begin() {
      begunMs = clock.monotonic();
      waiting?.cancel();
      waiting = undefined;
      due = undefined;
      if (stop.signal.aborted) stop = new AbortController();
    },
  };
}
