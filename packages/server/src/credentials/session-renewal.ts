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
  /** The first that wants it. Sessions of different Namespaces take turns. */
  readonly namespace: string;
  readonly issue: (session: Session) => Promise<Issued>;
  readonly budget: StsBudget;
  readonly durations: DurationLimits;
  readonly clock: Clock;
  /** After each call that STS has answered. */
  readonly onIssued: (issued: Issued, nodes: readonly string[]) => void;
  readonly onFault: (fault: StsFault, before: StsFault | undefined) => void;
  /** Credentials or fault have changed, and somebody claims the session. */
  readonly onChange: () => void;
  /** Nobody claims it; what is worth remembering of it is that it must not be tried before some time. */
  readonly onEnd: (failure: PastFailure | undefined) => void;
}

/** What a renewal looks at, and changes. */
export interface RenewedParts {
  readonly claims: SessionClaims;
  readonly cached: CachedCredentials;
  readonly retries: Retries;
  /** The life that counts: of the credentials here, else of what the agents hold. */
  readonly life: () => Life | undefined;
  /** No Pod has asked for it in a long time: it is not renewed. */
  readonly isUnused: () => boolean;
}

/** When one session is issued, and again: by the life of its credentials, its failures and its claims. */
export interface SessionRenewal {
  /** Decides what comes next, and when to decide again. To be called after everything that may change it. */
  readonly plan: () => void;
  /** Another Namespace wants the session: what waits for STS may take that one's turn. */
  readonly wantedBy: (namespace: string) => void;
  /** When STS is asked next, on the monotonic clock; undefined: it is being asked, or not any more. */
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
    // A call that waits becomes urgent with time; and the secret is not kept past its end.
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

  /** Without claims: the secret goes at once. A call on its way is waited for, in case somebody claims it meanwhile. */
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

/** One call to STS, and what comes of it. It never rejects. */
function createCall(options: RenewalOptions, { claims, cached, retries }: RenewedParts): () => Promise<void> {
  const { session, namespace, issue, durations, clock } = options;

  function accept(issued: Issued, atMs: number): void {
    if (!(issued.lifetimeMs > 0)) throw new Error('STS has answered credentials that have expired already');
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
    // The message names the request: its change alone is no news.
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
