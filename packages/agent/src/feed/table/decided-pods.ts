import { isDeepStrictEqual } from 'node:util';
import type { Log } from '@rolegate/runtime';
import { withFormerDecision } from './former-decision.ts';
import type { KnownPod } from './known-pod.ts';
import type { PodEntries } from './pod-entries.ts';
import type { PodTombstones } from './pod-tombstones.ts';
import type { DecidedOn } from './pod-versions.ts';
import type { SeenVersions } from './seen-versions.ts';
import type { SessionCache } from './session-cache.ts';

export interface DecidedPods {
  /** A stream begins. Pods that it does not name before `endSnapshot` are removed then, not earlier. */
  readonly beginSnapshot: () => void;
  /** 'older': ignored, because a decision on a newer state of one of the three objects was applied before. */
  readonly setPod: (pod: KnownPod, versions: DecidedOn) => 'set' | 'older';
  /** The Pod was removed as of `resourceVersion`; ignored if a later state of it was seen. */
  readonly removePod: (uid: string, resourceVersion: string) => void;
  readonly endSnapshot: (podsResourceVersion: string) => void;
}

export interface DecidedPodsDeps {
  readonly entries: PodEntries;
  readonly seen: SeenVersions;
  readonly tombstones: PodTombstones;
  readonly sessions: Pick<SessionCache, 'refer' | 'release'>;
  /** Called synchronously when something is replaced or removed. */
  readonly withdrawn: () => void;
  readonly changed: () => void;
  readonly log: Log;
}

/** Applies what the feed says about Pods, unless it is older than what was applied before. */
export function createDecidedPods(deps: DecidedPodsDeps): DecidedPods {
  const { entries, seen, tombstones, sessions, withdrawn, changed, log } = deps;
  let named: Set<string> | undefined;

  function setPod(described: KnownPod, versions: DecidedOn): 'set' | 'older' {
    const { uid } = described;
    named?.add(uid);
    if (seen.isOlder(uid, versions)) {
      log.debug('older decision ignored', { uid, pod: described.name, namespace: described.namespace });
      return 'older';
    }
    const former = entries.of(uid);
    const pod = former ? withFormerDecision(former.pod, described) : described;
    const decided = { pod, versions: seen.latestWith(uid, versions) };
    const isKnown = former !== undefined || seen.of(uid) !== undefined;
    if (isKnown && !isDeepStrictEqual(former, decided)) withdrawn();
    tombstones.remove(uid);
    seen.compareAgain(uid);
    // The new reference comes first, so that credentials of the same session are not dropped in between.
    if (pod.decision.kind === 'allow') sessions.refer(pod.decision.sessionId);
    if (former) release(former.pod);
    entries.set(decided);
    changed();
    return 'set';
  }

  function release({ decision }: KnownPod): void {
    if (decision.kind === 'allow') sessions.release(decision.sessionId);
  }

  function removePod(uid: string, resourceVersion: string): void {
    if (seen.isLater(uid, resourceVersion)) return;
    const entry = entries.of(uid);
    const end = { pod: resourceVersion, namespace: '', serviceAccount: '' };
    tombstones.add(uid, seen.latestWith(uid, end), entry?.pod.namespace ?? '');
    withdrawn();
    if (entry === undefined) return;
    seen.compareAgain(uid);
    entries.remove(uid);
    release(entry.pod);
    changed();
  }

  return {
    beginSnapshot() {
      named = new Set();
    },
    setPod,
    removePod,
    endSnapshot(podsResourceVersion) {
      const present = named;
      named = undefined;
      if (present === undefined) return;
      const gone = [...entries.all()].flatMap(([uid]) => (present.has(uid) ? [] : [uid]));
      for (const uid of gone) removePod(uid, podsResourceVersion);
    },
  };
}
