import type { Reason } from '@rolegate/protocol';
import { createListeners, createMemory, listenerFailed } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';
import type { ServerMemory } from '../memory/memory.ts';
import type { Session } from '../session/session.ts';
import { sessionId } from '../session/session.ts';
import { createDurationLimits } from './duration-limits.ts';
import type { Issued, IssuedCredentials } from './cached-credentials.ts';
import type { HeldClaim, RenewAt } from './lifetimes.ts';
import { createOwnCondition } from './sts/health.ts';
import type { OwnCondition } from './sts/health.ts';
import { LONGEST_PAUSE_MS } from './retries.ts';
import { createSessionEntry } from './session-entry.ts';
import type { PastFailure, SessionEntry, SessionStatus } from './session-entry.ts';
import type { StsBudget } from './budget/sts-budget.ts';
import { createSessionLog } from './session-log.ts';
import { classifyStsError } from './sts/errors.ts';
import type { StsReason } from './sts/errors.ts';

export type { Issued, IssuedCredentials } from './cached-credentials.ts';
export type { HeldClaim, RenewAt } from './lifetimes.ts';
export type { SessionStatus } from './session-entry.ts';

export interface SessionsOptions {
  /** Calls STS, once; gives up by itself. What it rejects with is sorted here. */
  readonly issue: (session: Session) => Promise<Issued>;
  readonly budget: StsBudget;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: SessionsMetrics;
  /** Shared with what else finds out whether STS takes the server. */
  readonly condition?: OwnCondition;
  /** 40 to 48 % unless told. */
  readonly renewAt?: RenewAt;
  readonly memory?: ServerMemory;
}

export interface SessionsMetrics {
  /** One call to STS has ended: 'ok', or the reason of the failure. */
  stsRequest(outcome: 'ok' | StsReason): void;
}

/** A session as it stands now. Credentials may be there beside a failure: they are good until they expire. */
export interface SessionSnapshot {
  readonly session: Session;
  /** Never expired ones. */
  readonly credentials?: IssuedCredentials;
  /** Of the last attempt, until one succeeds. */
  readonly failure?: { readonly reason: Reason; readonly message: string };
}

/** One session for who looks: nothing of its credentials but their age. */
export interface SessionView {
  readonly id: string;
  readonly session: Session;
  readonly status: SessionStatus;
  readonly nodes: readonly string[];
  /** Of the last attempt, until one succeeds. */
  readonly failure: { readonly reason: Reason; readonly message: string } | undefined;
  /** Of the credentials here, or of those that agents hold. */
  readonly remainingMs: number | undefined;
  /** Until STS is asked again; undefined: it is being asked, or not any more. */
  readonly nextInMs: number | undefined;
}

/** All sessions that this replica's nodes need: one AssumeRole each however many Pods ask, renewed in good time. */
export interface Sessions {
  /**
   * The node needs the session; said twice it is one claim. `held` is what its agent has already: while that is young,
   * nothing is issued. Namespaces take turns at STS.
   */
  claim(session: Session, node: string, held?: HeldClaim, namespace?: string): void;
  /** Pods of another Namespace need a session that is claimed (`--session-scope role`). */
  wantedBy(id: string, namespace: string): void;
  /** The node needs it no more. Without any claim it lapses, and its secret is dropped at once. */
  release(id: string, node: string): void;
  /** A Pod has asked for it: three hours without, and it is not renewed any more. */
  used(id: string): void;
  /** undefined for a session that nobody claims. */
  get(id: string): SessionSnapshot | undefined;
  /** Those that are claimed, for who looks. */
  views(): readonly SessionView[];
  /** Told after credentials or failure have changed. The returned function takes the listener back. */
  onChange(listener: (id: string) => void): () => void;
  /** Of claimed sessions, by state. */
  readonly counts: () => Record<SessionStatus, number>;
  /** Of the valid session that ends first, unused ones left out. */
  readonly minRemainingSeconds: () => number | undefined;
  /** What keeps the server from issuing anything: its own credentials, or its region. Never a Pod's fault. */
  condition(): { readonly reason: Reason; readonly message: string } | undefined;
  /** Forgets all; calls on their way come to nothing. */
  stop(): void;
}

/** DESIGN.md 1: leaves 31 minutes of an hour, 26 of the shortest session. */
export const RENEW_AT: RenewAt = { from: 0.4, to: 0.48 };

/** Sessions that nobody claims and that failed a moment ago: some kB each. */
const MOST_FAILED = 1_000;

export function createSessions(options: SessionsOptions): Sessions {
  const { clock, log, metrics, renewAt = RENEW_AT, condition = createOwnCondition(options) } = options;
  const { memory = createMemory({ clock }) } = options;
  const entries = new Map<string, { readonly session: Session; readonly entry: SessionEntry }>();
  // A listener's fault is not the session's: it must not pass for a failure of STS.
  const listeners = createListeners<string>({ failed: listenerFailed(log, 'sessions') });
  const durations = createDurationLimits(memory);
  /** Of sessions that nobody claims: who claims one again waits as long as everybody else would have. */
  const pastFailures = memory.remember<PastFailure>('failed_sessions', {
    keepMs: LONGEST_PAUSE_MS,
    most: MOST_FAILED,
  });
  const sessionLog = createSessionLog({ log, clock, condition });

  async function issue(session: Session): Promise<Issued> {
    try {
      const issued = await options.issue(session);
      metrics.stsRequest('ok');
      return issued;
    } catch (error) {
      metrics.stsRequest(classifyStsError(error).reason);
      throw error;
    }
  }

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
        listeners.tell(id);
      },
      past,
      onEnd: (failure) => {
        if (entries.delete(id) && failure !== undefined) pastFailures.set(id, failure, namespace);
      },
    });
    entries.set(id, { session, entry });
    return entry;
  }

  return {
    claim(session, node, held, namespace = session.roleArn) {
      const id = sessionId(session);
      const entry = entries.get(id)?.entry ?? create(id, session, namespace);
      entry.claim(node, held);
      entry.wantedBy(namespace);
    },
    wantedBy(id, namespace) {
      entries.get(id)?.entry.wantedBy(namespace);
    },
    release(id, node) {
      entries.get(id)?.entry.release(node);
    },
    used(id) {
      entries.get(id)?.entry.used();
    },
    get(id) {
      const found = entries.get(id);
      return found?.entry.claimed === true ? snapshot(found.session, found.entry) : undefined;
    },
    views: () =>
      [...entries].flatMap(([id, { session, entry }]) =>
        entry.claimed ? [viewOf(id, session, entry, clock)] : [],
      ),
    onChange: listeners.on,
    counts() {
      const counts = { valid: 0, 'at-agents': 0, waiting: 0, failing: 0, unused: 0 };
      for (const { entry } of entries.values()) if (entry.claimed) counts[entry.status] += 1;
      return counts;
    },
    minRemainingSeconds() {
      let firstMs = Infinity;
      for (const { entry } of entries.values())
        if (entry.status === 'valid') firstMs = Math.min(firstMs, entry.credentials?.expiresAtMs ?? Infinity);
      return firstMs === Infinity ? undefined : (firstMs - clock.now()) / 1000;
    },
    condition: condition.current,
    stop() {
      for (const { entry } of entries.values()) entry.stop();
      entries.clear();
      pastFailures.clear();
    },
  };
}

function viewOf(id: string, session: Session, entry: SessionEntry, clock: Clock): SessionView {
  const { status, nodes, fault } = entry;
  const { endsAtMs, nextAtMs } = entry.times();
  const untilMs = (atMs: number | undefined) =>
    atMs === undefined ? undefined : Math.max(0, Math.floor(atMs - clock.monotonic()));
  return {
    id,
    session,
    status,
    nodes,
    failure: fault && { reason: fault.reason, message: fault.message },
    remainingMs: untilMs(endsAtMs),
    nextInMs: untilMs(nextAtMs),
  };
}

function snapshot(session: Session, { credentials, fault }: SessionEntry): SessionSnapshot {
  return {
    session,
    ...(credentials && { credentials }),
    ...(fault && { failure: { reason: fault.reason, message: fault.message } }),
  };
}
