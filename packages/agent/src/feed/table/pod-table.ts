import type { Clock, Log } from '@rolegate/runtime';
import { createChanges } from '@rolegate/runtime';
import type { AgentMemory } from '../../memory/memory.ts';
import { createDecidedPods } from './decided-pods.ts';
import type { DecidedPods } from './decided-pods.ts';
import type { CachedSession, KnownPod } from './known-pod.ts';
import { createPodEntries } from './pod-entries.ts';
import type { PodEntries, PodLookups } from './pod-entries.ts';
import { createPodTombstones } from './pod-tombstones.ts';
import type { PodTombstones } from './pod-tombstones.ts';
import type { DecidedOn } from './pod-versions.ts';
import { createSeenVersions } from './seen-versions.ts';
import type { SeenVersions } from './seen-versions.ts';
import { createSessionCache } from './session-cache.ts';
import type { ReportedCredentials, ReportedSession, SessionCache, SessionUse } from './session-cache.ts';
import type { TableContents } from './contents.ts';

export interface PodTableDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** Called synchronously when something is replaced or removed, so that nothing relies on the old state. */
  readonly withdrawn?: () => void;
  readonly memory?: AgentMemory;
}

/** The node's Pods and sessions as last described by the feed. */
export interface PodTable extends DecidedPods, PodLookups {
  /**
   * The API server was restored to an older state: from now on older decisions are accepted. Existing decisions remain until
   * replaced.
   */
  readonly forget: () => void;
  /** The newest version of each kind against which decisions count as older; '' for none. */
  readonly newestSeen: () => DecidedOn;
  /** Time since `forget`, also in a previous table. Milliseconds; undefined: never. */
  readonly forgotMs: () => number | undefined;
  /** Valid credentials are never replaced by none or by ones that expire sooner. */
  readonly setSession: (session: CachedSession) => void;
  /** Ignored while a decision names the session: a lagging replica may remove what a newer one has granted. */
  readonly removeSession: (id: string) => void;

  /** The Pod was removed a short time ago. */
  readonly isRemoved: (uid: string) => boolean;
  readonly session: (id: string) => CachedSession | undefined;
  /** The sessions with valid credentials. */
  readonly cachedSessions: () => readonly ReportedCredentials[];
  /** All sessions, for a report. */
  readonly reportedSessions: () => readonly ReportedSession[];
  /** A Pod requested the session; false if it has no valid credentials. */
  readonly sessionAsked: (id: string) => boolean;
  /** True once a snapshot has been completed. */
  readonly synced: boolean;
  /** Called once per microtask after changes. The returned function removes the listener. */
  readonly onChange: (listener: () => void) => () => void;

  readonly contents: () => TableContents;
  /** Restores the content of a previous table, which counts as a complete feed that was lost since. */
  readonly restore: (contents: TableContents) => void;
}

/** Pods that a log line names. */
const MOST_NAMED = 20;

/** One table per node, filled by one feed at a time, from any replica. */
export function createPodTable(deps: PodTableDeps): PodTable {
  const { clock, log, withdrawn = () => undefined, memory } = deps;
  const changes = createChanges({ log, of: 'Pod table' });
  const changed = changes.notify;
  const entries = createPodEntries();
  const about = (id: string) => useOf(id, entries.lookups.pods());
  const sessions = createSessionCache({ clock, log, changed, withdrawn, about });
  const tombstones = createPodTombstones({ clock, memory });
  const seen = createSeenVersions({ entries, tombstones, clock });
  const pods = createDecidedPods({ entries, seen, tombstones, sessions, withdrawn, changed, log });
  let synced = false;

  function complete(): void {
    sessions.endSnapshot();
    synced = true;
    changed();
  }

  return {
    ...pods,
    ...entries.lookups,
    beginSnapshot() {
      pods.beginSnapshot();
      sessions.beginSnapshot();
    },
    endSnapshot(podsResourceVersion) {
      pods.endSnapshot(podsResourceVersion);
      complete();
    },
    forget() {
      seen.forget();
      changed();
    },
    newestSeen: seen.newest,
    forgotMs() {
      const atMs = seen.forgotAtMs();
      return atMs === undefined ? undefined : clock.monotonic() - atMs;
    },
    setSession: sessions.set,
    removeSession: sessions.remove,
    isRemoved: (uid) => tombstones.of(uid) !== undefined,
    session: sessions.get,
    cachedSessions: sessions.cached,
    reportedSessions: sessions.reported,
    sessionAsked: sessions.asked,
    get synced() {
      return synced;
    },
    onChange: changes.on,
    contents: () => contentsOf({ entries, tombstones, sessions, seen }),
    restore(contents) {
      seen.restore(contents.forgotAtMs);
      tombstones.restore(contents.gone);
      for (const { pod, versions } of contents.pods) pods.setPod(pod, versions);
      for (const session of contents.sessions) sessions.restore(session);
      complete();
    },
  };
}

function contentsOf(parts: {
  readonly entries: PodEntries;
  readonly tombstones: PodTombstones;
  readonly sessions: SessionCache;
  readonly seen: SeenVersions;
}): TableContents {
  const forgotAtMs = parts.seen.forgotAtMs();
  return {
    pods: [...parts.entries.all()].map(([, decided]) => decided),
    gone: parts.tombstones.all(),
    sessions: parts.sessions.all(),
    ...(forgotAtMs !== undefined && { forgotAtMs }),
  };
}

function useOf(sessionId: string, all: readonly KnownPod[]): SessionUse {
  const uses = all.flatMap(({ namespace, name, decision }) =>
    decision.kind === 'allow' && decision.sessionId === sessionId
      ? [{ role: decision.roleArn, pod: `${namespace}/${name}` }]
      : [],
  );
  return { role: uses[0]?.role, pods: uses.slice(0, MOST_NAMED).map(({ pod }) => pod) };
}
