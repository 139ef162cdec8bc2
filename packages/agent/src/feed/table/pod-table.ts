import type { Clock, Log } from '@rolegate/runtime';
import { createChanges } from '@rolegate/runtime';
import type { AgentMemory } from '../../memory/memory.ts';
import { createDecidedPods } from './decided-pods.ts';
import type { DecidedPods } from './decided-pods.ts';
import type { CachedSession } from './known-pod.ts';
import { createPodEntries } from './pod-entries.ts';
import type { PodEntries, PodLookups } from './pod-entries.ts';
import { createPodTombstones } from './pod-tombstones.ts';
import type { PodTombstones } from './pod-tombstones.ts';
import type { DecidedOn } from './pod-versions.ts';
import { createSeenVersions } from './seen-versions.ts';
import type { SeenVersions } from './seen-versions.ts';
import { createSessionCache } from './session-cache.ts';
import type { ReportedCredentials, ReportedSession, SessionCache } from './session-cache.ts';
import type { TableContents } from './contents.ts';

export interface PodTableDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** Called at once when something known is replaced or goes: nobody may hold on to what the table said before. */
  readonly withdrawn?: () => void;
  readonly memory?: AgentMemory;
}

/** The node's Pods and sessions as the feed last described them. */
export interface PodTable extends DecidedPods, PodLookups {
  /**
   * The API server has gone back to an older state: from now on older decisions are accepted too. What was decided stands
   * until it is decided again.
   */
  readonly forget: () => void;
  /** The newest of each kind by which decisions are dropped as older; '' for none. */
  readonly newestSeen: () => DecidedOn;
  /** Since `forget`, in a table before this one too. Milliseconds; undefined: never. */
  readonly forgotMs: () => number | undefined;
  /** Valid credentials are not displaced by none, nor by ones that end sooner. */
  readonly setSession: (session: CachedSession) => void;
  /** Ignored while a decision names the session: a lagging replica withdraws what a newer one has granted. */
  readonly removeSession: (id: string) => void;

  readonly session: (id: string) => CachedSession | undefined;
  /** The sessions with valid credentials. */
  readonly heldSessions: () => readonly ReportedCredentials[];
  /** All sessions, as a report names them. */
  readonly reportedSessions: () => readonly ReportedSession[];
  /** A Pod has asked for the session; false where there are no valid credentials for it. */
  readonly sessionAsked: (id: string) => boolean;
  /** A snapshot has been complete once. */
  readonly synced: boolean;
  /** Called once per microtask after changes. The returned function ends the listening. */
  readonly onChange: (listener: () => void) => () => void;

  readonly contents: () => TableContents;
  /** Goes on with what a table before this one held: complete, and as good as a feed that was lost since. */
  readonly restore: (contents: TableContents) => void;
}

/** One table per node, filled by one feed at a time, whichever replica it comes from. */
export function createPodTable(deps: PodTableDeps): PodTable {
  const { clock, log, withdrawn = () => undefined, memory } = deps;
  const changes = createChanges({ log, of: 'Pod table' });
  const changed = changes.notify;
  const sessions = createSessionCache({ clock, log, changed, withdrawn });
  const tombstones = createPodTombstones({ clock, memory });
  const entries = createPodEntries();
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
    session: sessions.get,
    heldSessions: sessions.held,
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
