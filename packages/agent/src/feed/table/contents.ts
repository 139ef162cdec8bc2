import type { CachedSession, KnownPod } from './known-pod.ts';
import type { DecidedOn } from './pod-versions.ts';

/** A Pod with the newest known versions of the objects that its decision depends on. */
export interface DecidedPod {
  readonly pod: KnownPod;
  readonly versions: DecidedOn;
}

/** A Pod that was removed. */
export interface RemovedPod {
  readonly uid: string;
  readonly versions: DecidedOn;
  /** It is remembered until then. Monotonic milliseconds. */
  readonly untilMs: number;
}

/** A session, and when a Pod last requested it. */
export type AskedSession = CachedSession & {
  /** Monotonic milliseconds; undefined: unknown, and treated as requested now. */
  readonly askedAtMs?: number;
};

/** The content of a table, from which another one can be restored. */
export interface TableContents {
  readonly pods: readonly DecidedPod[];
  readonly gone: readonly RemovedPod[];
  readonly sessions: readonly AskedSession[];
  /** When the table last forgot resourceVersions. Monotonic milliseconds; absent: never. */
  readonly forgotAtMs?: number | undefined;
}
