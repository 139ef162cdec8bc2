import type { Clock } from '@rolegate/runtime';
import { createFairQueue } from './fair-queue.ts';

/** In the order in which they go: a Pod waits; held credentials are about to end; a renewal in good time. */
export const priorities = ['on-demand', 'expiring', 'prefetch'] as const;
export type Priority = (typeof priorities)[number];

export interface StsBudgetOptions {
  /** Calls per second in the long run (--sts-rate). */
  readonly ratePerSecond: number;
  /** Calls that may come at once after a rest (--sts-burst). */
  readonly burst: number;
  /** Calls that STS has not answered yet. */
  readonly maxInFlight?: number;
  readonly clock: Clock;
}

export interface BudgetCall {
  /** Keys take turns within one priority: the Namespace. */
  readonly fairnessKey: string;
  readonly priority: Priority;
  /** Makes the call when its turn has come; must not reject. */
  readonly start: () => Promise<void>;
}

export interface BudgetTicket {
  /** Moves a call that still waits up to the priority, never down. */
  raise(priority: Priority): void;
  /** Takes back a call that still waits; false when it has started. */
  cancel(): boolean;
}

/** How many calls STS gets, and whose come first. */
export interface StsBudget {
  request(call: BudgetCall): BudgetTicket;
  /** Calls that wait for their turn. */
  readonly waiting: number;
  /** Calls that STS has not answered yet. */
  readonly inFlight: number;
  /** Calls that may start at once. */
  readonly free: number;
}

/** STS itself takes 600 a second for an account and region; a hundred open sockets are plenty. */
const MAX_IN_FLIGHT = 100;

type Waiting = Pick<BudgetCall, 'fairnessKey' | 'start'>;

export function createStsBudget(options: StsBudgetOptions): StsBudget {
  const { maxInFlight = MAX_IN_FLIGHT, clock } = options;
  const queues = priorities.map(() => createFairQueue<Waiting>());
  const bucket = createTokenBucket(options);
  let inFlight = 0;
  let wakeUp: (() => void) | undefined;

  function pump(): void {
    while (inFlight < maxInFlight) {
      const queue = queues.find(({ size }) => size > 0);
      if (queue === undefined) return;
      if (!bucket.take()) {
        wakeUp ??= clock.schedule(bucket.nextInMs(), () => {
          wakeUp = undefined;
          pump();
        });
        return;
      }
      const call = queue.take();
      if (call !== undefined) start(call);
    }
  }

  function start(call: Waiting): void {
    inFlight += 1;
    void call.start().finally(() => {
      inFlight -= 1;
      pump();
    });
  }

  return {
    request({ fairnessKey, priority, start: makeCall }) {
      const call = { fairnessKey, start: makeCall };
      let rank = priorities.indexOf(priority);
      queues[rank]?.put(fairnessKey, call);
      pump();
      return {
        raise(to) {
          const higher = priorities.indexOf(to);
          if (higher >= rank || queues[rank]?.remove(fairnessKey, call) !== true) return;
          rank = higher;
          queues[rank]?.put(fairnessKey, call);
        },
        cancel: () => queues[rank]?.remove(fairnessKey, call) === true,
      };
    },
    get waiting() {
      return queues.reduce((sum, { size }) => sum + size, 0);
    },
    get inFlight() {
      return inFlight;
    },
    get free() {
      return Math.min(bucket.left(), maxInFlight - inFlight);
    },
  };
}

function createTokenBucket({ ratePerSecond, burst, clock }: StsBudgetOptions) {
  const perMs = ratePerSecond / 1000;
  let tokens = burst;
  let filledAtMs = clock.monotonic();

  function fill(): void {
    const now = clock.monotonic();
    tokens = Math.min(burst, tokens + (now - filledAtMs) * perMs);
    filledAtMs = now;
  }

  return {
    take(): boolean {
      fill();
      // Floating point may leave a hair less than one at the very moment that nextInMs named.
      if (tokens < 1 - 1e-6) return false;
      tokens -= 1;
      return true;
    },
    left(): number {
      fill();
      return Math.floor(tokens + 1e-6);
    },
    /** Timers count whole milliseconds: never zero, which would spin. */
    nextInMs: () => Math.max(1, Math.ceil((1 - tokens) / perMs)),
  };
}
