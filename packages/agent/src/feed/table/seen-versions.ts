import { isOlderVersion } from '@rolegate/protocol';
import type { Clock } from '@rolegate/runtime';
import type { PodEntries } from './pod-entries.ts';
import type { PodTombstones } from './pod-tombstones.ts';
import { isDecidedEarlier, latest, newestOf } from './pod-versions.ts';
import type { DecidedOn } from './pod-versions.ts';

export interface SeenVersions {
  /** The newest versions of a Pod that count. */
  readonly of: (uid: string) => DecidedOn | undefined;
  /** True if a decision on a newer state of one of the three objects was applied before. */
  readonly isOlder: (uid: string, versions: DecidedOn) => boolean;
  /** True if the Pod was seen in a later state than the one in which it was removed. */
  readonly isLater: (uid: string, resourceVersion: string) => boolean;
  /** The newest versions of the Pod, including these. */
  readonly latestWith: (uid: string, versions: DecidedOn) => DecidedOn;
  /** The versions of the Pod are compared again. */
  readonly compareAgain: (uid: string) => void;
  /** Older decisions are accepted from now on. */
  readonly forget: () => void;
  /** When `forget` was last called. Monotonic milliseconds; undefined: never. */
  readonly forgotAtMs: () => number | undefined;
  readonly restore: (forgotAtMs: number | undefined) => void;
  /** The newest version of each kind against which decisions count as older; '' for none. */
  readonly newest: () => DecidedOn;
}

export interface SeenVersionsDeps {
  readonly entries: Pick<PodEntries, 'of' | 'all'>;
  readonly tombstones: PodTombstones;
  readonly clock: Pick<Clock, 'monotonic'>;
}

/** The newest seen state of the objects behind decisions, until the API server is restored to an older one. */
export function createSeenVersions({ entries, tombstones, clock }: SeenVersionsDeps): SeenVersions {
  /** The UIDs of Pods whose versions are no longer compared. */
  const forgotten = new Set<string>();
  let forgotAtMs: number | undefined;

  function of(uid: string): DecidedOn | undefined {
    if (forgotten.has(uid)) return undefined;
    return entries.of(uid)?.versions ?? tombstones.of(uid);
  }

  return {
    of,
    isOlder(uid, versions) {
      if (tombstones.forbids(uid, versions)) return true;
      const seen = entries.of(uid) && of(uid);
      return seen !== undefined && isDecidedEarlier(versions, seen);
    },
    isLater(uid, resourceVersion) {
      const seen = entries.of(uid) && of(uid);
      return seen !== undefined && isOlderVersion(resourceVersion, seen.pod);
    },
    latestWith(uid, versions) {
      const seen = of(uid);
      return seen ? latest(seen, versions) : versions;
    },
    compareAgain: (uid) => void forgotten.delete(uid),
    forget() {
      for (const [uid] of entries.all()) forgotten.add(uid);
      tombstones.clear();
      forgotAtMs = clock.monotonic();
    },
    forgotAtMs: () => forgotAtMs,
    restore(atMs) {
      forgotAtMs = atMs;
    },
    newest() {
      const counting = [...entries.all()]
        .filter(([uid]) => !forgotten.has(uid))
        .map(([, { versions }]) => versions);
      return newestOf(counting.concat(tombstones.all().map(({ versions }) => versions)));
    },
  };
}
