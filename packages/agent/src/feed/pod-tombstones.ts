import type { Clock } from '@rolegate/runtime';
import { isDecidedEarlier, isOlder } from './pod-versions.ts';
import type { DecidedOn } from './pod-versions.ts';
import type { GonePod } from './table-contents.ts';

/** Longer than a replica may lag behind another. Milliseconds. */
const REMEMBERED_MS = 600_000;
/** More Pods than a node ends in that time. */
const MOST = 10_000;

export interface PodTombstones {
  /** The Pod is gone as of `versions`. */
  readonly add: (uid: string, versions: DecidedOn) => void;
  /** What was known of a Pod when it went. */
  readonly of: (uid: string) => DecidedOn | undefined;
  /** True where a lagging replica would bring back a Pod that is gone. */
  readonly forbids: (uid: string, versions: DecidedOn) => boolean;
  /** It is back after all: a later state of it was seen. */
  readonly remove: (uid: string) => void;
  readonly all: () => readonly GonePod[];
  /** Those of a table before this one. */
  readonly restore: (gone: readonly GonePod[]) => void;
}

/** The Pods that went lately. */
export function createPodTombstones({ clock }: { readonly clock: Clock }): PodTombstones {
  // In the order of their ends, the oldest first.
  const gone = new Map<string, { readonly versions: DecidedOn; readonly untilMs: number }>();

  function of(uid: string): DecidedOn | undefined {
    const found = gone.get(uid);
    return found !== undefined && found.untilMs > clock.monotonic() ? found.versions : undefined;
  }

  function prune(): void {
    for (const [uid, { untilMs }] of gone) {
      if (gone.size <= MOST && untilMs > clock.monotonic()) return;
      gone.delete(uid);
    }
  }

  return {
    of,
    add(uid, versions) {
      gone.delete(uid);
      gone.set(uid, { versions, untilMs: clock.monotonic() + REMEMBERED_MS });
      prune();
    },
    forbids(uid, versions) {
      const end = of(uid);
      if (end === undefined) return false;
      return versions.pod === end.pod || isOlder(versions.pod, end.pod) || isDecidedEarlier(versions, end);
    },
    remove: (uid) => void gone.delete(uid),
    all: () => [...gone].map(([uid, end]) => ({ uid, ...end })),
    restore(former) {
      for (const { uid, ...end } of former) gone.set(uid, end);
      prune();
    },
  };
}
