import type { Clock } from '@rolegate/runtime';
import { createNamespaceShares, createSharedBucket } from './namespace-shares.ts';
import { createNamespaceTurns } from './namespace-turns.ts';
import type { NamespaceTurns, Waiting } from './namespace-turns.ts';

/**
 * In the order in which they go within a Namespace: a Pod waits, or credentials have less than half of their life left; a renewal
 * in good time; what STS has refused before.
 */
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
  /** Namespaces take turns, whatever the priority of what they ask for. */
  readonly namespace: string;
  readonly priority: Priority;
  /** Credentials that are in use: they have a part of the budget that nothing else can take. */
  readonly renewal: boolean;
  /** Makes the call when its turn has come; must not reject. */
  readonly start: () => Promise<void>;
}

export interface BudgetTicket {
  /** Moves a call that still waits up to the priority, never down. */
  raise(priority: Priority): void;
  /** The Namespace wants the same: a call that waits takes its turns from now on if it has fewer calls waiting. True if so. */
  wantedBy(namespace: string): boolean;
  /** Takes back a call that still waits; false when it has started. */
  cancel(): boolean;
}

/**
 * How many calls STS gets, and whose come first. A Namespace that asks for more than its share, or whose calls are slow, leaves
 * some of the burst and some of the calls under way to others, who then need not wait at all.
 */
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

/** Of the budget, for renewals alone as long as one waits (DESIGN.md 4.10). */
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
    // A place that comes free calls by itself.
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

/** `moved` is called when the call has got another Namespace's turns, which may be earlier. */
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
