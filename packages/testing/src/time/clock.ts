import { setImmediate } from 'node:timers/promises';

/** The shape of runtime's Clock, plus the hand that turns it. */
export interface FakeClock {
  now(): number;
  monotonic(): number;
  schedule(delayMs: number, call: () => void): () => void;
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
  /** Lets `ms` pass: calls what falls due, in order, and lets promises settle after each call. Not to be overlapped. */
  advance(ms: number): Promise<void>;
  /** The wall clock is set forward (or back, when negative); timers and the monotonic clock do not notice. */
  jumpWall(ms: number): void;
  /** How many timers wait, sleepers included. */
  readonly pending: number;
}

export interface FakeClockOptions {
  /** Where the wall clock starts. Milliseconds since the epoch; 2026-11-23T07:00:00Z by default. */
  readonly nowMs?: number;
}

interface Timer {
  readonly dueMs: number;
  readonly call: () => void;
}

/** Turns of the event loop after each timer: enough for chains of promises and for a loopback write to be seen. */
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

/** Of timers due at the same time, the one set first: a Set keeps that order. */
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
