import { setImmediate } from 'node:timers/promises';

/** Runtime's Clock, with methods to move it. */
export interface FakeClock {
  now(): number;
  monotonic(): number;
  schedule(delayMs: number, call: () => void): () => void;
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
  /** Advances by `ms`: runs due timers in order and lets promises settle after each. Do not run concurrently. */
  advance(ms: number): Promise<void>;
  /** Moves the wall clock forward, or back if negative. Timers and the monotonic clock are not affected. */
  jumpWall(ms: number): void;
  /** Number of waiting timers, including sleeps. */
  readonly pending: number;
}

export interface FakeClockOptions {
  /** Start of the wall clock. Milliseconds since the epoch. Defaults to 2026-11-23T07:00:00Z. */
  readonly nowMs?: number;
}

interface Timer {
  readonly dueMs: number;
  readonly call: () => void;
}

/** Turns of the event loop after each timer, enough for promise chains and for a loopback write to arrive. */
const SETTLE_TURNS = 3;

/** A clock that stands still until a test advances it. */
export function createFakeClock({ nowMs = Date.UTC(2026, 10, 23, 7) }: FakeClockOptions = {}): FakeClock {
  const timers = new Set<Timer>();
  let elapsedMs = 0;
  let wallOffsetMs = nowMs;

  function schedule(delayMs: number, call: () => void): () => void {
    const timer = { dueMs: elapsedMs + Math.max(0, delayMs), call };
    timers.add(timer);
    return () => {
      timers.delete(timer);
    };
  }

  async function advance(ms: number): Promise<void> {
    const untilMs = elapsedMs + ms;
    await settle();
    for (let timer = earliest(timers, untilMs); timer !== undefined; timer = earliest(timers, untilMs)) {
      timers.delete(timer);
      elapsedMs = timer.dueMs;
      timer.call();
      await settle();
    }
    elapsedMs = untilMs;
  }

  return {
    now: () => wallOffsetMs + elapsedMs,
    monotonic: () => elapsedMs,
    schedule,
    sleep: (delayMs, signal) => sleepOn(schedule, delayMs, signal),
    advance,
    jumpWall(ms) {
      wallOffsetMs += ms;
    },
    get pending() {
      return timers.size;
    },
  };
}

function sleepOn(schedule: FakeClock['schedule'], delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve();
      return;
    }
    const end = () => {
      cancel();
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const cancel = schedule(delayMs, end);
    signal?.addEventListener('abort', end);
  });
}

/** Among timers due at the same time, the one set first, because a Set keeps that order. */
function earliest(timers: ReadonlySet<Timer>, untilMs: number): Timer | undefined {
  let first: Timer | undefined;
  for (const timer of timers) {
    if (timer.dueMs <= untilMs && (first === undefined || timer.dueMs < first.dueMs)) first = timer;
  }
  return first;
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < SETTLE_TURNS; turn += 1) await setImmediate();
}
