import { isDeepStrictEqual } from 'node:util';
import { isOlderVersion } from '@rolegate/protocol';
import type { Clock, Log } from '@rolegate/runtime';
import { createChanges } from '@rolegate/runtime';
import type { AgentMemory } from '../memory/memory.ts';
import { createSessionCache } from './session-cache.ts';
import type { CachedCredentials, ReportedSession } from './session-cache.ts';
import type { HeldSession, KnownPod } from './known-pod.ts';
import { createPodEntries } from './pod-entries.ts';
import { createPodTombstones } from './pod-tombstones.ts';
import { isDecidedEarlier, latest, newestOf } from './pod-versions.ts';
import type { DecidedOn } from './pod-versions.ts';
import { withFormerDecision } from './former-decision.ts';
import type { DecidedPod, TableContents } from './table-contents.ts';

export interface PodTableDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** Called at once when something known is replaced or goes: nobody may hold on to what the table said before. */
  readonly withdrawn?: () => void;
  readonly memory?: AgentMemory;
}

/** The node's Pods and sessions as the feed last described them. */
export interface PodTable {
  /** A stream begins: the Pods that it does not name before `endSnapshot` are gone. Until then none is removed for it. */
  readonly beginSnapshot: () => void;
  /** 'older': dropped, because a decision on a newer state of one of the three objects has been accepted before. */
  readonly setPod: (pod: KnownPod, versions: DecidedOn) => 'set' | 'older';
  /** The Pod is gone as of `resourceVersion`; ignored where a later state of it was seen. */
  readonly removePod: (uid: string, resourceVersion: string) => void;
  readonly endSnapshot: (podsResourceVersion: string) => void;
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
  readonly setSession: (session: HeldSession) => void;
  /** Ignored while a decision names the session: a lagging replica withdraws what a newer one has granted. */
  readonly removeSession: (id: string) => void;

  readonly pod: (uid: string) => KnownPod | undefined;
  readonly podByRuntimeUid: (runtimeUid: string) => KnownPod | undefined;
  readonly podByName: (namespace: string, name: string) => KnownPod | undefined;
  readonly podsByIp: (ip: string) => readonly KnownPod[];
  /** The feed names the Pod: by a UID, the API server's or the runtime's, or by namespace/name. */
  readonly isNamed: (pod: string) => boolean;
  readonly pods: () => readonly KnownPod[];
  readonly session: (id: string) => HeldSession | undefined;
  /** The sessions with valid credentials. */
  readonly heldSessions: () => readonly CachedCredentials[];
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
  const sessions = createSessionCache({ clock, log, changed: changes.notify, withdrawn });
  const tombstones = createPodTombstones({ clock, memory });
  const index = createPodEntries();
  const entries = new Map<string, DecidedPod>();
  /** The UIDs of Pods whose versions are not compared any more. */
  const forgotten = new Set<string>();
  let forgotAtMs: number | undefined;
  let named: Set<string> | undefined;
  let synced = false;

  function setPod(described: KnownPod, versions: DecidedOn): 'set' | 'older' {
    const { uid } = described;
    named?.add(uid);
    const former = entries.get(uid);
    const seen = seenOf(uid);
    if (tombstones.forbids(uid, versions) || (former && seen && isDecidedEarlier(versions, seen))) {
      log.debug('older decision dropped', { uid, pod: described.name, namespace: described.namespace });
      return 'older';
    }
    const pod = former ? withFormerDecision(former.pod, described) : described;
    const decided = { pod, versions: seen ? latest(seen, versions) : versions };
    const known = former !== undefined || seen !== undefined;
    if (known && !isDeepStrictEqual(former, decided)) withdrawn();
    tombstones.remove(uid);
    forgotten.delete(uid);
    // First the new reference, then the old one's end: the same session's credentials are not dropped between.
    if (pod.decision.kind === 'allow') sessions.refer(pod.decision.sessionId);
    if (former) unlink(former.pod);
    index.add(pod);
    entries.set(uid, decided);
    changes.notify();
    return 'set';
  }

  /** Of a Pod, the newest that counts. */
  function seenOf(uid: string): DecidedOn | undefined {
    if (forgotten.has(uid)) return undefined;
    return entries.get(uid)?.versions ?? tombstones.of(uid);
  }

  function unlink(pod: KnownPod): void {
    index.remove(pod);
    if (pod.decision.kind === 'allow') sessions.release(pod.decision.sessionId);
  }

  function removePod(uid: string, resourceVersion: string): void {
    const entry = entries.get(uid);
    const seen = seenOf(uid);
    if (entry !== undefined && seen !== undefined && isOlderVersion(resourceVersion, seen.pod)) return;
    const end = { pod: resourceVersion, namespace: '', serviceAccount: '' };
    tombstones.add(uid, seen ? latest(seen, end) : end, entry?.pod.namespace ?? '');
    withdrawn();
    if (entry === undefined) return;
    forgotten.delete(uid);
    entries.delete(uid);
    unlink(entry.pod);
    changes.notify();
  }

  function endSnapshot(podsResourceVersion: string): void {
    const gone = named ? [...entries.keys()].filter((uid) => named?.has(uid) === false) : [];
    named = undefined;
    for (const uid of gone) removePod(uid, podsResourceVersion);
    sessions.endSnapshot();
    synced = true;
    changes.notify();
  }

  return {
    beginSnapshot() {
      named = new Set();
      sessions.beginSnapshot();
    },
    setPod,
    removePod,
    endSnapshot,
    forget() {
      for (const uid of entries.keys()) forgotten.add(uid);
      tombstones.clear();
      forgotAtMs = clock.monotonic();
      changes.notify();
    },
    newestSeen() {
      const counting = [...entries]
        .filter(([uid]) => !forgotten.has(uid))
        .map(([, { versions }]) => versions);
      return newestOf(counting.concat(tombstones.all().map(({ versions }) => versions)));
    },
    forgotMs: () => (forgotAtMs === undefined ? undefined : clock.monotonic() - forgotAtMs),
    setSession: sessions.set,
    removeSession: sessions.remove,
    pod: (uid) => entries.get(uid)?.pod,
    podByRuntimeUid: (runtimeUid) => only(index.byRuntimeUid(runtimeUid)),
    podByName: (namespace, name) => only(index.byName(namespace, name)),
    podsByIp: index.byIp,
    isNamed(pod) {
      // No UID has a slash.
      const [namespace = '', name] = pod.split('/');
      if (name !== undefined) return index.byName(namespace, name).length > 0;
      return entries.has(pod) || index.byRuntimeUid(pod).length > 0;
    },
    pods: () => [...entries.values()].map(({ pod }) => pod),
    session: sessions.get,
    heldSessions: sessions.held,
    reportedSessions: sessions.reported,
    sessionAsked: sessions.asked,
    get synced() {
      return synced;
    },
    onChange: changes.on,
    contents: () => ({
      pods: [...entries.values()],
      gone: tombstones.all(),
      sessions: sessions.all(),
      ...(forgotAtMs !== undefined && { forgotAtMs }),
    }),
    restore(contents) {
      forgotAtMs = contents.forgotAtMs;
      tombstones.restore(contents.gone);
      for (const { pod, versions } of contents.pods) setPod(pod, versions);
      for (const session of contents.sessions) sessions.restore(session);
      sessions.endSnapshot();
      synced = true;
      changes.notify();
    },
  };

  /** Names come back: of the Pods that had one, the one last seen by the API server has it now. */
  function only(pods: readonly KnownPod[]): KnownPod | undefined {
    return pods.reduce<KnownPod | undefined>(
      (found, pod) => (found && !isOlderVersion(versionOf(found), versionOf(pod)) ? found : pod),
      undefined,
    );
  }

  function versionOf({ uid }: KnownPod): string {
    return entries.get(uid)?.versions.pod ?? '';
  }
}
