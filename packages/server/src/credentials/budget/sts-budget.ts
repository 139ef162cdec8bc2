import type { Clock } from '@rolegate/runtime';
import { createNamespaceShares, createSharedBucket } from './namespace-shares.ts';
import { createNamespaceTurns } from './namespace-turns.ts';
import type { NamespaceTurns, Waiting } from './namespace-turns.ts';

/**
 * Highest first, within a Namespace. on-demand: a Pod waits, or less than half of the lifetime is left. expiring: an early
 * renewal. prefetch: STS has refused it before.
 */
export const priorities = ['on-demand', 'expiring', 'prefetch'] as const;
export type Priority = (typeof priorities)[number];

export interface StsBudgetOptions {
  /** Calls per second on average (--sts-rate). */
  readonly ratePerSecond: number;
  /** Calls that can start at once after a pause (--sts-burst). */
  readonly burst: number;
  /** The most calls that STS has not answered yet. */
  readonly maxInFlight?: number;
  readonly clock: Clock;
}

export interface BudgetCall {
  /** Namespaces take turns regardless of priority. */
  readonly namespace: string;
  readonly priority: Priority;
  /** Renews credentials in use; renewals have a reserved share of the budget. */
  readonly renewal: boolean;
  /** Makes the call; must not reject. */
  readonly start: () => Promise<void>;
}

export interface BudgetTicket {
  /** Raises the priority of a waiting call; never lowers it. */
  raise(priority: Priority): void;
  /** The Namespace wants the same session: a waiting call moves to that Namespace if it has fewer waiting calls. True if moved. */
  wantedBy(namespace: string): boolean;
  /** Cancels a waiting call; false if it has started. */
  cancel(): boolean;
}

/**
 * Limits the rate and number of STS calls, and orders them. A Namespace that wants more than its share, or whose calls are
 * slow, always leaves some burst and some calls in flight to others.
 */
export interface StsBudget {
  request(call: BudgetCall): BudgetTicket;
  /** Calls that wait for their turn. */
  readonly waiting: number;
  /** Calls that STS has not answered yet. */
  readonly inFlight: number;
  /** Calls that can start now. */
  readonly free: number;
}

/** STS allows 600 calls a second for an account and region; 100 open sockets are enough for that. */
const MAX_IN_FLIGHT = 100;

/** The share of the budget that goes to renewals while one waits (DESIGN.md 4.10). */
const RENEWALS_PART = 0.3;

interface WaitingCall extends Waiting {
  readonly start: BudgetCall['start'];
}

export function createStsBudget(options: StsBudgetOptions): StsBudget {
  const { maxInFlight = MAX_IN_FLIGHT, clock } = options;
  const turns = createNamespaceTurns<WaitingCall>({
    ranks: priorities.length,
    reservedPart: RENEWALS_PART,
  });
  const bucket = createSharedBucket(options);
  const places = createNamespaceShares();
  let wakeUp: (() => void) | undefined;

  const freePlaces = () => maxInFlight - places.taken;
  const mayStart = (namespace: string) =>
    places.mayTake(namespace, freePlaces()) && bucket.mayTake(namespace);

  function pump(): void {
    for (let call = next(); call !== undefined; call = next()) start(call);
    // A call that ends runs this again.
    if (turns.size === 0 || freePlaces() < 1 || bucket.left() >= options.burst) return;
    wakeUp ??= clock.schedule(bucket.nextInMs(), () => {
      wakeUp = undefined;
      pump();
    });
  }

  function next(): WaitingCall | undefined {
    return freePlaces() < 1 || bucket.left() < 1 ? undefined : turns.take(mayStart);
  }

  function start({ namespace, start: makeCall }: WaitingCall): void {
    bucket.take(namespace);
    places.take(namespace);
    void makeCall().finally(() => {
      places.giveBack(namespace);
      pump();
    });
  }

  return {
    request({ namespace, priority, renewal, start: makeCall }) {
      const call: WaitingCall = {
        namespace,
        rank: priorities.indexOf(priority),
        reserved: renewal,
        start: makeCall,
      };
      turns.put(call);
      pump();
      return ticketOf(call, turns, pump);
    },
    get waiting() {
      return turns.size;
    },
    get inFlight() {
      return places.taken;
    },
    get free() {
      return Math.min(bucket.left(), freePlaces());
    },
  };
}

/** `moved` is called after the call has moved to another Namespace, whose turn may come earlier. */
function ticketOf(call: WaitingCall, turns: NamespaceTurns<WaitingCall>, moved: () => void): BudgetTicket {
  return {
    raise(to) {
      const rank = priorities.indexOf(to);
      if (rank >= call.rank || !turns.remove(call)) return;
      call.rank = rank;
      turns.put(call);
    },
    wantedBy(other) {
      if (turns.waitingOf(other) >= turns.waitingOf(call.namespace) || !turns.remove(call)) return false;
      call.namespace = other;
      turns.put(call);
      moved();
      return true;
    },
    cancel: () => turns.remove(call),
  };
}
