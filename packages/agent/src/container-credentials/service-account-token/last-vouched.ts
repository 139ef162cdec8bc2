import type { Clock } from '@rolegate/runtime';

/** How long keys count that no server has vouched for since (DESIGN.md 4.12). Milliseconds. */
const LONGEST_WITHOUT_MS = 24 * 3_600_000;

/** When a server last said what the API server's keys are. */
export interface Vouched {
  /** Monotonic. Milliseconds. */
  readonly atMs: number;
  /** By the wall clock, which also counts while the machine sleeps. Milliseconds since the epoch. */
  readonly wallMs: number;
}

export interface LastVouched {
  /** A server has sent the keys. */
  readonly now: () => void;
  readonly streamBegan: () => void;
  /** Undefined: never. */
  readonly last: () => Vouched | undefined;
  readonly isRecent: () => boolean;
}

/**
 * A server vouches for the keys while the stream lasts on which it has sent them: it sends what changes. Ask often, because
 * the end of a stream is noticed only then.
 */
export function createLastVouched({
  kept,
  feedConnected,
  clock,
}: {
  readonly kept: Vouched | undefined;
  readonly feedConnected: () => boolean;
  readonly clock: Pick<Clock, 'monotonic' | 'now'>;
}): LastVouched {
  let last = kept;
  let sentOnThisStream = false;

  function note(): void {
    last = { atMs: clock.monotonic(), wallMs: clock.now() };
  }

  function current(): Vouched | undefined {
    if (sentOnThisStream && feedConnected()) note();
    return last;
  }

  return {
    now() {
      sentOnThisStream = true;
      note();
    },
    streamBegan() {
      current();
      sentOnThisStream = false;
    },
    last: current,
    isRecent() {
      const since = current();
      if (since === undefined) return false;
      const agoMs = Math.max(clock.monotonic() - since.atMs, clock.now() - since.wallMs);
      return agoMs <= LONGEST_WITHOUT_MS;
    },
  };
}
