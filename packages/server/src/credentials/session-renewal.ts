import type { Clock } from '@rolegate/runtime';
import type { Session } from '../session/session.ts';
import type { Priority, StsBudget } from './budget/sts-budget.ts';
import type { CachedCredentials } from './cached-credentials.ts';
import type { DurationLimits } from './duration-limits.ts';
import type { Life } from './lifetimes.ts';
import type { PastFailure, Retries } from './retries.ts';
import type { SessionClaims } from './session-claims.ts';
import { createSingleCall } from './single-call.ts';
import { classifyStsError } from './sts/errors.ts';
import type { StsFault } from './sts/errors.ts';
import type { Issued } from './sts/sts.ts';

export interface RenewalOptions {
  readonly session: Session;
  /** The first Namespace that needs it. Namespaces take turns at STS. */
  readonly namespace: string;
  readonly issue: (session: Session) => Promise<Issued>;
  readonly budget: StsBudget;
  readonly durations: DurationLimits;
  readonly clock: Clock;
  /** Called after each successful call. */
  readonly onIssued: (issued: Issued, nodes: readonly string[]) => void;
  readonly onFault: (fault: StsFault, before: StsFault | undefined) => void;
  /** The credentials or the fault of a claimed session changed. */
  readonly onChange: () => void;
  /** No node claims it any more. `failure`: remembered so that a later claim waits for the same retry. */
  readonly onEnd: (failure: PastFailure | undefined) => void;
}

/** The state that a renewal reads and changes. */
export interface RenewedParts {
  readonly claims: SessionClaims;
  readonly cached: CachedCredentials;
  readonly retries: Retries;
  /** The life of the credentials here, else of those that agents have cached. */
  readonly life: () => Life | undefined;
  /** No Pod has used it for a long time, so it is not renewed. */
  readonly isUnused: () => boolean;
}

/** Decides when a session is issued and renewed, from its credentials' life, its failures and its claims. */
export interface SessionRenewal {
  /** Decides what to do now and when to decide again. Call it after every change. */
  readonly plan: () => void;
  /** Another Namespace needs the session: a waiting call can use that Namespace's turn. */
  readonly wantedBy: (namespace: string) => void;
  /** The next STS call, on the monotonic clock; undefined if a call is in progress or none will be made. */
  readonly nextAtMs: () => number | undefined;
  readonly stop: () => void;
}

export function createSessionRenewal(options: RenewalOptions, parts: RenewedParts): SessionRenewal {
  const { budget, namespace, clock, onEnd } = options;
  const { claims, cached, retries, life, isUnused } = parts;
  const single = createSingleCall({ budget, namespace, call: createCall(options, parts), onEnd: plan });
  let cancelTimer: (() => void) | undefined;

  function plan(): void {
    cancelTimer?.();
    cached.dropEnded();
    if (claims.size === 0) {
      lapse();
      return;
    }
    const dueAtMs = nextAtMs();
    if (dueAtMs !== undefined && dueAtMs > clock.monotonic()) {
      planAt(dueAtMs);
      return;
    }
    const counted = life();
    const priority = priorityOf(counted, retries.fault(), clock.monotonic());
    if (dueAtMs === undefined) single.raise(priority);
    else single.request(priority, counted !== undefined);
    // A waiting call becomes urgent with time, and expired secrets are dropped.
    if (counted !== undefined)
      planAt(counted.urgentAtMs > clock.monotonic() ? counted.urgentAtMs : counted.endsAtMs);
  }

  function nextAtMs(): number | undefined {
    if (single.stage !== 'idle' || isUnused()) return undefined;
    return Math.max(life()?.renewAtMs ?? 0, retries.retryAtMs());
  }

  function planAt(atMs: number): void {
    cancelTimer?.();
    cancelTimer = clock.schedule(atMs - clock.monotonic(), plan);
  }

  /** Without claims the secret is dropped immediately. A call in progress continues, in case the session is claimed again. */
  function lapse(): void {
    cached.drop();
    single.cancel();
    if (single.stage !== 'calling') onEnd(retries.pending());
  }

  return {
    plan,
    wantedBy: single.wantedBy,
    nextAtMs,
    stop() {
      cached.drop();
      single.cancel();
      cancelTimer?.();
    },
  };
}

/** Makes one STS call and handles its result. Never rejects. */
function createCall(options: RenewalOptions, { claims, cached, retries }: RenewedParts): () => Promise<void> {
  const { session, namespace, issue, durations, clock } = options;

  function accept(issued: Issued, atMs: number): void {
    if (!(issued.lifetimeMs > 0)) throw new Error('STS returned credentials that have already expired');
    options.onIssued(issued, claims.nodes);
    cached.put(issued, atMs);
    claims.supersede();
    retries.succeeded();
    if (claims.size > 0) options.onChange();
  }

  function fail(fault: StsFault): void {
    const before = retries.fault();
    retries.failed(fault);
    options.onFault(fault, before);
    // The message contains a request ID, so a different message alone is no change.
    if (claims.size > 0 && (before?.reason !== fault.reason || before.code !== fault.code))
      options.onChange();
  }

  return async () => {
    const asked = durations.limited(session);
    const atMs = clock.monotonic();
    try {
      accept(await issue(asked), atMs);
    } catch (error) {
      const fault = classifyStsError(error);
      if (!fault.durationTooLong || !durations.shorten(asked, namespace)) fail(fault);
    }
  };
}

function priorityOf(life: Life | undefined, fault: StsFault | undefined, nowMs: number): Priority {
  // A role that STS has refused waits behind those that may succeed.
  if (fault?.retry === 'seldom') return 'prefetch';
  if (life === undefined) return 'on-demand';
  return nowMs >= life.urgentAtMs ? 'on-demand' : 'expiring';
}
