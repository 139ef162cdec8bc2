import type { Clock, Log } from '@rolegate/runtime';
import type { HeldCredentials, HeldSession } from './known-pod.ts';
import type { AskedSession } from './table-contents.ts';

/** What a report says of one session's credentials. */
export interface CachedCredentials {
  readonly id: string;
  readonly fingerprint: string;
  readonly remainingMs: number;
  readonly lifetimeMs: number;
}

/** What a report says of one session, with or without credentials. */
export interface ReportedSession extends CachedCredentials {
  /** Since a Pod of the node last asked for it, or since it came. */
  readonly unusedMs: number;
}

export interface SessionCache {
  readonly get: (id: string) => HeldSession | undefined;
  /** Valid credentials are not displaced by none, nor by ones that end sooner (a replica that lags). */
  readonly set: (session: HeldSession) => void;
  /** A Pod's decision names the session now. */
  readonly refer: (id: string) => void;
  /** A Pod's decision does not name it any more: without another that does, its credentials are dropped at once. */
  readonly release: (id: string) => void;
  /** Dropped, unless a decision still names it: that Pod would stay without credentials until they are renewed. */
  readonly remove: (id: string) => void;
  /** From now to endSnapshot the sessions that are set may come before their Pods. */
  readonly beginSnapshot: () => void;
  /** Drops what no decision names. */
  readonly endSnapshot: () => void;
  /** A Pod has asked for it; false where there are no valid credentials for it. */
  readonly asked: (id: string) => boolean;
  readonly held: () => readonly CachedCredentials[];
  readonly reported: () => readonly ReportedSession[];
  readonly all: () => readonly AskedSession[];
  readonly restore: (session: AskedSession) => void;
}

interface Entry {
  readonly session: HeldSession;
  readonly cancelExpiry: () => void;
  /** Monotonic. */
  askedAtMs: number;
}

/** The node's sessions; secrets are kept no longer than a Pod may be given them. */
export function createSessionCache({
  clock,
  log,
  changed,
  withdrawn,
}: {
  readonly clock: Clock;
  readonly log: Log;
  readonly changed: () => void;
  /** A session was dropped. */
  readonly withdrawn: () => void;
}): SessionCache {
  const entries = new Map<string, Entry>();
  const references = new Map<string, number>();
  let early: Set<string> | undefined;

  function get(id: string): HeldSession | undefined {
    const session = entries.get(id)?.session;
    return session?.credentials && !isValid(session.credentials) ? without(session) : session;
  }

  function isValid({ expiresAtMs }: HeldCredentials): boolean {
    return expiresAtMs > clock.monotonic();
  }

  function put(session: HeldSession): void {
    const former = entries.get(session.id);
    former?.cancelExpiry();
    const { id, credentials } = session;
    const cancelExpiry = credentials
      ? clock.schedule(credentials.expiresAtMs - clock.monotonic(), () => {
          expire(id);
        })
      : noTimer;
    entries.set(id, { session, cancelExpiry, askedAtMs: former?.askedAtMs ?? clock.monotonic() });
    changed();
  }

  function expire(id: string): void {
    const session = entries.get(id)?.session;
    if (session === undefined) return;
    // A timer may fire a moment early.
    put(session.credentials && isValid(session.credentials) ? session : without(session));
    if (references.has(id)) log.warn('credentials expired', { reason: 'CredentialsExpired', session: id });
  }

  function drop(id: string): void {
    const entry = entries.get(id);
    if (entry === undefined) return;
    entry.cancelExpiry();
    entries.delete(id);
    withdrawn();
    changed();
  }

  function set(session: HeldSession): void {
    early?.add(session.id);
    const former = get(session.id)?.credentials;
    const next = session.credentials;
    const keep = former !== undefined && (next === undefined || next.expiresAtMs < former.expiresAtMs);
    put(keep ? { ...session, credentials: former } : session);
  }

  function heldOf(id: string): CachedCredentials | undefined {
    const credentials = get(id)?.credentials;
    if (credentials === undefined) return undefined;
    const { fingerprint, lifetimeMs, expiresAtMs } = credentials;
    return { id, fingerprint, remainingMs: Math.floor(expiresAtMs - clock.monotonic()), lifetimeMs };
  }

  function reportOf(id: string, { askedAtMs }: Entry): ReportedSession {
    const unusedMs = Math.max(0, Math.floor(clock.monotonic() - askedAtMs));
    // The server takes the whole life less the rest as the age of our knowledge: that is when it was last asked for.
    const nothing = { id, fingerprint: '', remainingMs: -unusedMs, lifetimeMs: 0 };
    return { ...(heldOf(id) ?? nothing), unusedMs };
  }

  return {
    get,
    set,
    refer(id) {
      references.set(id, (references.get(id) ?? 0) + 1);
    },
    release(id) {
      const left = (references.get(id) ?? 0) - 1;
      if (left > 0) {
        references.set(id, left);
        return;
      }
      references.delete(id);
      if (early?.has(id) !== true) drop(id);
    },
    remove(id) {
      if (!references.has(id)) drop(id);
    },
    beginSnapshot() {
      early = new Set();
    },
    endSnapshot() {
      early = undefined;
      for (const id of [...entries.keys()]) if (!references.has(id)) drop(id);
    },
    asked(id) {
      const entry = entries.get(id);
      if (entry !== undefined) entry.askedAtMs = clock.monotonic();
      return get(id)?.credentials !== undefined;
    },
    held: () => [...entries.keys()].flatMap((id) => heldOf(id) ?? []),
    reported: () => [...entries].map(([id, entry]) => reportOf(id, entry)),
    all: () =>
      [...entries].flatMap(([id, { askedAtMs }]) => {
        const session = get(id);
        return session === undefined ? [] : [{ ...session, askedAtMs }];
      }),
    restore({ askedAtMs = clock.monotonic(), ...session }) {
      set(session);
      const entry = entries.get(session.id);
      if (entry !== undefined) entry.askedAtMs = askedAtMs;
    },
  };
}

function without({ id, failure }: HeldSession): HeldSession {
  return { id, ...(failure && { failure }) };
}

function noTimer(): void {
  // Nothing to take back.
}
