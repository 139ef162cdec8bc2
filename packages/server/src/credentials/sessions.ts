import type { Reason } from '@rolegate/protocol';
import { createListeners, createMemory, listenerFailed } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';
import type { ServerMemory } from '../memory/memory.ts';
import type { Session } from '../session/session.ts';
import { sessionId } from '../session/session.ts';
import { createDurationLimits } from './duration-limits.ts';
import type { IssuedCredentials } from './cached-credentials.ts';
import { RENEW_AT } from './lifetimes.ts';
import type { CachedClaim, RenewAt } from './lifetimes.ts';
import { createStsHealth } from './sts/health.ts';
import type { StsHealth } from './sts/health.ts';
import { LONGEST_PAUSE_MS } from './retries.ts';
import type { PastFailure } from './retries.ts';
import { createSessionEntry } from './session-entry.ts';
import type { SessionEntry, SessionStatus } from './session-entry.ts';
import { countsOf, firstEndMs, summariesOf } from './session-summary.ts';
import type { KnownSession, SessionSummary } from './session-summary.ts';
import type { StsBudget } from './budget/sts-budget.ts';
import { createSessionLog } from './session-log.ts';
import { classifyStsError } from './sts/errors.ts';
import type { StsReason } from './sts/errors.ts';
import type { Issued } from './sts/sts.ts';

export type { IssuedCredentials } from './cached-credentials.ts';
export type { CachedClaim, RenewAt } from './lifetimes.ts';
export type { SessionStatus } from './session-entry.ts';
export type { SessionSummary } from './session-summary.ts';
export type { Issued } from './sts/sts.ts';

export interface SessionsOptions {
  /** Makes one STS call, with a timeout of its own. */
  readonly issue: (session: Session) => Promise<Issued>;
  readonly budget: StsBudget;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: SessionsMetrics;
  /** Shared with the other parts that learn whether STS accepts the server. */
  readonly health?: StsHealth;
  /** Default: 40 to 48 %. */
  readonly renewAt?: RenewAt;
  readonly memory?: ServerMemory;
}

export interface SessionsMetrics {
  /** One STS call has ended: 'ok' or the reason of its failure. */
  stsRequest(outcome: 'ok' | StsReason): void;
}

/** The state of a session for agents. Both may be set: credentials stay valid when a renewal fails. */
export interface SessionCredentials {
  /** Never expired. */
  readonly credentials?: IssuedCredentials;
  /** Of the last attempt; unset after a success. */
  readonly failure?: { readonly reason: Reason; readonly message: string };
}

/** All sessions that this replica's nodes need: one AssumeRole each, however many Pods use it, and renewed early. */
export interface Sessions {
  /**
   * The node needs the session; a second call is the same claim. `cached` is what its agent already has: nothing is issued
   * until that is due for renewal. Namespaces take turns at STS.
   */
  claim(session: Session, node: string, cached?: CachedClaim, namespace?: string): void;
  /** Pods of another Namespace need a session that is claimed (`--session-scope role`). */
  wantedBy(id: string, namespace: string): void;
  /** The node no longer needs it. Without claims its secret is dropped immediately. */
  release(id: string, node: string): void;
  /** A Pod has used it. A session unused for three hours is no longer renewed. */
  used(id: string): void;
  /** Undefined if no node claims the session. */
  get(id: string): SessionCredentials | undefined;
  /** Of claimed sessions. */
  summaries(): readonly SessionSummary[];
  /** Called after the credentials or the failure changed. The returned function removes the listener. */
  onChange(listener: (id: string) => void): () => void;
  /** Of claimed sessions, by status. */
  readonly counts: () => Record<SessionStatus, number>;
  /** Of the valid session that expires first, ignoring unused ones. */
  readonly minRemainingSeconds: () => number | undefined;
  /** Why the server cannot issue anything: its own credentials or its region. Never the fault of a Pod. */
  condition(): { readonly reason: Reason; readonly message: string } | undefined;
  /** Drops all sessions; the results of calls in progress are ignored. */
  stop(): void;
}

/** Unclaimed sessions whose failure is remembered: some kB each. */
const MOST_FAILED = 1_000;

export function createSessions(options: SessionsOptions): Sessions {
  const { clock, log, health = createStsHealth(options) } = options;
  // An error of a listener must not be mistaken for a failure of STS.
  const listeners = createListeners<string>({ failed: listenerFailed(log, 'sessions') });
  const { known, entryOf, clear } = createKnownSessions(options, { health, changed: listeners.tell });

  return {
    claim(session, node, cached, namespace = session.roleArn) {
      const entry = entryOf(session, namespace);
      entry.claim(node, cached);
      entry.wantedBy(namespace);
    },
    wantedBy(id, namespace) {
      known.get(id)?.entry.wantedBy(namespace);
    },
    release(id, node) {
      known.get(id)?.entry.release(node);
    },
    used(id) {
      known.get(id)?.entry.used();
    },
    get(id) {
      const found = known.get(id);
      return found?.entry.claimed === true ? credentialsOf(found.entry) : undefined;
    },
    summaries: () => summariesOf(known, clock),
    onChange: listeners.on,
    counts: () => countsOf(known),
    minRemainingSeconds() {
      const endsMs = firstEndMs(known);
      return endsMs === undefined ? undefined : (endsMs - clock.now()) / 1000;
    },
    condition: health.current,
    stop: clear,
  };
}

/** Every session that is claimed or has a call in progress. */
function createKnownSessions(
  options: SessionsOptions,
  { health, changed }: { readonly health: StsHealth; readonly changed: (id: string) => void },
) {
  const { clock, log, renewAt = RENEW_AT, memory = createMemory({ clock }) } = options;
  const known = new Map<string, KnownSession>();
  const durations = createDurationLimits(memory);
  const sessionLog = createSessionLog({ log, clock, health });
  const issue = countedIssue(options);
  /** Failures of unclaimed sessions, so that a new claim does not skip the retry pause. */
  const pastFailures = memory.remember<PastFailure>('failed_sessions', {
    keepMs: LONGEST_PAUSE_MS,
    most: MOST_FAILED,
  });

  function create(id: string, session: Session, namespace: string): SessionEntry {
    const past = pastFailures.get(id);
    pastFailures.delete(id);
    const entry = createSessionEntry({
      ...options,
      session,
      namespace,
      issue,
      durations,
      renewAt,
      onIssued: (issued, nodes) => {
        sessionLog.issued(session, issued, nodes);
      },
      onFault: (fault, before) => {
        sessionLog.failed({ session, namespace, fault, before });
      },
      onChange: () => {
        changed(id);
      },
      past,
      onEnd: (failure) => {
        if (known.delete(id) && failure !== undefined) pastFailures.set(id, failure, namespace);
      },
    });
    known.set(id, { session, entry });
    return entry;
  }

  return {
    known: known as ReadonlyMap<string, KnownSession>,
    /** The session's entry, created if there is none. */
    entryOf: (session: Session, namespace: string): SessionEntry => {
      const id = sessionId(session);
      return known.get(id)?.entry ?? create(id, session, namespace);
    },
    clear: (): void => {
      for (const { entry } of known.values()) entry.stop();
      known.clear();
      pastFailures.clear();
    },
  };
}

function countedIssue({ issue, metrics }: SessionsOptions): SessionsOptions['issue'] {
  return async (session) => {
    try {
      const issued = await issue(session);
      metrics.stsRequest('ok');
      return issued;
    } catch (error) {
      metrics.stsRequest(classifyStsError(error).reason);
      throw error;
    }
  };
}

function credentialsOf({ credentials, fault }: SessionEntry): SessionCredentials {
  return {
    ...(credentials && { credentials }),
    ...(fault && { failure: { reason: fault.reason, message: fault.message } }),
  };
}
