import { isOlderVersion } from '@rolegate/protocol';
import { createMemory } from '@rolegate/runtime';
import type { Clock } from '@rolegate/runtime';
import type { AgentMemory } from '../../memory/memory.ts';
import { isDecidedEarlier } from './pod-versions.ts';
import type { DecidedOn } from './pod-versions.ts';
import type { RemovedPod } from './contents.ts';

/** Longer than one replica may lag behind another. Milliseconds. */
const REMEMBERED_MS = 600_000;
/** More Pods than end on a node in that time. */
const MOST = 10_000;

export interface PodTombstones {
  /** The Pod was removed as of `versions`. `namespace`: '' if it was never known. */
  readonly add: (uid: string, versions: DecidedOn, namespace: string) => void;
  /** The last known versions of a removed Pod. */
  readonly of: (uid: string) => DecidedOn | undefined;
  /** True if an update from a lagging replica would bring back a removed Pod. */
  readonly forbids: (uid: string, versions: DecidedOn) => boolean;
  /** A later state of the Pod was seen, so it exists. */
  readonly remove: (uid: string) => void;
  /** The API server was restored: any of them may exist again. */
  readonly clear: () => void;
  readonly all: () => readonly RemovedPod[];
  /** Restores those of a previous table. */
  readonly restore: (gone: readonly RemovedPod[]) => void;
}

export interface PodTombstonesDeps {
  readonly clock: Clock;
  readonly memory?: AgentMemory | undefined;
}

/** Recently removed Pods. */
export function createPodTombstones({
  clock,
  memory = createMemory({ clock }),
}: PodTombstonesDeps): PodTombstones {
  const gone = memory.remember<{ readonly versions: DecidedOn; readonly untilMs: number }>('pods_gone', {
    keepMs: REMEMBERED_MS,
    most: MOST,
  });

  function of(uid: string): DecidedOn | undefined {
    // A restored entry expires sooner than others.
    const found = gone.get(uid);
    return found !== undefined && found.untilMs > clock.monotonic() ? found.versions : undefined;
  }

  return {
    of,
    add(uid, versions, namespace) {
      gone.set(uid, { versions, untilMs: clock.monotonic() + REMEMBERED_MS }, namespace);
    },
    forbids(uid, versions) {
      const end = of(uid);
      if (end === undefined) return false;
      return (
        versions.pod === end.pod || isOlderVersion(versions.pod, end.pod) || isDecidedEarlier(versions, end)
      );
    },
    remove: (uid) => void gone.delete(uid),
    clear() {
      for (const [uid] of gone.entries()) gone.delete(uid);
    },
    all: () => gone.entries().map(([uid, end]) => ({ uid, ...end })),
    restore(former) {
      for (const { uid, ...end } of former) gone.set(uid, end);
    },
  };
}
