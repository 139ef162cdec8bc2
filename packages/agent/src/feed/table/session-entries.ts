import type { Clock } from '@rolegate/runtime';
import type { CachedCredentials, CachedSession } from './known-pod.ts';

/** A cached session. */
export interface SessionEntry {
  readonly session: CachedSession;
  readonly cancelExpiry: () => void;
  /** When a Pod last requested it, or when it was added. Monotonic. */
  askedAtMs: number;
}

export interface SessionEntries {
  /** With credentials only while they are valid. */
  readonly get: (id: string) => CachedSession | undefined;
  readonly put: (session: CachedSession) => void;
  readonly drop: (id: string) => void;
  /** A Pod requested it. */
  readonly asked: (id: string, atMs: number) => void;
  readonly all: () => Iterable<readonly [id: string, entry: SessionEntry]>;
}

export interface SessionEntriesDeps {
  readonly clock: Pick<Clock, 'monotonic' | 'schedule'>;
  readonly changed: () => void;
  /** A session was dropped. */
  readonly withdrawn: () => void;
  /** The credentials of a session have expired. */
  readonly expired: (id: string) => void;
}

/** Sessions by ID. Secrets are kept only while they are valid. */
export function createSessionEntries({
  clock,
  changed,
  withdrawn,
  expired,
}: SessionEntriesDeps): SessionEntries {
  const entries = new Map<string, SessionEntry>();

  function isValid({ expiresAtMs }: CachedCredentials): boolean {
    return expiresAtMs > clock.monotonic();
  }

  function put(session: CachedSession): void {
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
    // A timer can fire slightly early.
    put(session.credentials && isValid(session.credentials) ? session : without(session));
    expired(id);
  }

  return {
    get(id) {
      const session = entries.get(id)?.session;
      return session?.credentials && !isValid(session.credentials) ? without(session) : session;
    },
    put,
    drop(id) {
      const entry = entries.get(id);
      if (entry === undefined) return;
      entry.cancelExpiry();
      entries.delete(id);
      withdrawn();
      changed();
    },
    asked(id, atMs) {
      const entry = entries.get(id);
      if (entry !== undefined) entry.askedAtMs = atMs;
    },
    all: () => entries,
  };
}

function without({ id, failure }: CachedSession): CachedSession {
  return { id, ...(failure && { failure }) };
}

function noTimer(): void {
  // Nothing to clean up.
}
