import { createCounts } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';
import type { CachedSession } from './known-pod.ts';
import { createSessionEntries } from './session-entries.ts';
import type { SessionEntriesDeps, SessionEntry } from './session-entries.ts';
import type { AskedSession } from './contents.ts';

/** One session's credentials in a report. */
export interface ReportedCredentials {
  readonly id: string;
  readonly fingerprint: string;
  readonly remainingMs: number;
  readonly lifetimeMs: number;
}

/** One session in a report, with or without credentials. */
export interface ReportedSession extends ReportedCredentials {
  /** Time since a Pod of the node last requested it, or since it was added. */
  readonly unusedMs: number;
}

export interface SessionCache {
  readonly get: (id: string) => CachedSession | undefined;
  /** Valid credentials are never replaced by none or by ones that expire sooner (from a lagging replica). */
  readonly set: (session: CachedSession) => void;
  /** A Pod's decision now names the session. */
  readonly refer: (id: string) => void;
  /** A Pod's decision no longer names it: if it was the last one, the credentials are dropped immediately. */
  readonly release: (id: string) => void;
  /** Removes the session, unless a decision still names it: that Pod would have no credentials until their renewal. */
  readonly remove: (id: string) => void;
  /** Until `endSnapshot`, sessions can arrive before their Pods. */
  readonly beginSnapshot: () => void;
  /** Drops sessions that no decision names. */
  readonly endSnapshot: () => void;
  /** A Pod requested it; false if it has no valid credentials. */
  readonly asked: (id: string) => boolean;
  readonly cached: () => readonly ReportedCredentials[];
  readonly reported: () => readonly ReportedSession[];
  readonly all: () => readonly AskedSession[];
  readonly restore: (session: AskedSession) => void;
}

/** The Pods whose decisions name a session, for the log. */
export interface SessionUse {
  readonly role: string | undefined;
  /** As NAMESPACE/NAME. */
  readonly pods: readonly string[];
}

const HINT =
  'These Pods get 503 until new credentials arrive. Check the log of the servers for "cannot issue session".';

export interface SessionCacheDeps extends Pick<SessionEntriesDeps, 'changed' | 'withdrawn'> {
  readonly about: (id: string) => SessionUse;
  readonly clock: Clock;
  readonly log: Log;
}

/** The node's sessions. Secrets are cached only while a Pod may get them. */
export function createSessionCache(deps: SessionCacheDeps): SessionCache {
  const { clock, log } = deps;
  const entries = createSessionEntries({ ...deps, expired });
  /** The decisions that name each session. */
  const references = createCounts<string>();
  /** Sessions that arrived since the snapshot began. */
  let early: Set<string> | undefined;

  function expired(id: string): void {
    if (references.of(id) > 0)
      log.warn('credentials expired', {
        reason: 'CredentialsExpired',
        session: id,
        ...deps.about(id),
        hint: HINT,
      });
  }

  function set(session: CachedSession): void {
    early?.add(session.id);
    const former = entries.get(session.id)?.credentials;
    const next = session.credentials;
    const stays = former !== undefined && (next === undefined || next.expiresAtMs < former.expiresAtMs);
    entries.put(stays ? { ...session, credentials: former } : session);
  }

  const now = () => clock.monotonic();
  const credentialsOf = (id: string) => cachedCredentials(entries.get(id), now());

  return {
    get: entries.get,
    set,
    refer: references.add,
    release(id) {
      if (references.remove(id) === 0 && early?.has(id) !== true) entries.drop(id);
    },
    remove(id) {
      if (references.of(id) === 0) entries.drop(id);
    },
    beginSnapshot() {
      early = new Set();
    },
    endSnapshot() {
      early = undefined;
      for (const [id] of [...entries.all()]) if (references.of(id) === 0) entries.drop(id);
    },
    asked(id) {
      entries.asked(id, now());
      return entries.get(id)?.credentials !== undefined;
    },
    cached: () => [...entries.all()].flatMap(([id]) => credentialsOf(id) ?? []),
    reported: () => [...entries.all()].map(([id, entry]) => reportOf(id, entry, credentialsOf(id), now())),
    all: () =>
      [...entries.all()].flatMap(([id, { askedAtMs }]) => {
        const session = entries.get(id);
        return session === undefined ? [] : [{ ...session, askedAtMs }];
      }),
    restore({ askedAtMs = now(), ...session }) {
      set(session);
      entries.asked(session.id, askedAtMs);
    },
  };
}

function cachedCredentials(
  session: CachedSession | undefined,
  nowMs: number,
): ReportedCredentials | undefined {
  if (session?.credentials === undefined) return undefined;
  const { fingerprint, lifetimeMs, expiresAtMs } = session.credentials;
  return { id: session.id, fingerprint, remainingMs: Math.floor(expiresAtMs - nowMs), lifetimeMs };
}

function reportOf(
  id: string,
  { askedAtMs }: SessionEntry,
  credentials: ReportedCredentials | undefined,
  nowMs: number,
): ReportedSession {
  const unusedMs = Math.max(0, Math.floor(nowMs - askedAtMs));
  // The server computes the time since the last request as lifetime minus remaining time.
  const nothing = { id, fingerprint: '', remainingMs: -unusedMs, lifetimeMs: 0 };
  return { ...(credentials ?? nothing), unusedMs };
}
