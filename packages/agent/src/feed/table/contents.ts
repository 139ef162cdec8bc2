import type { CachedSession, KnownPod } from './known-pod.ts';
import type { DecidedOn } from './pod-versions.ts';

/** A Pod with the newest that was seen of each object that its decision rests on. */
export interface DecidedPod {
  readonly pod: KnownPod;
  readonly versions: DecidedOn;
}

/** A Pod that went. */
export interface GonePod {
  readonly uid: string;
  readonly versions: DecidedOn;
  /** Until then it is remembered. Monotonic milliseconds. */
  readonly untilMs: number;
}

/** A session, and when a Pod last asked for it. */
export type AskedSession = CachedSession & {
  /** Monotonic milliseconds; undefined: nothing is known of that, and it counts as asked for now. */
  readonly askedAtMs?: number;
};

/** All that a table holds, so that another one can go on with it. */
export interface TableContents {
  readonly pods: readonly DecidedPod[];
  readonly gone: readonly GonePod[];
  readonly sessions: readonly AskedSession[];
  /** When the table was told to forget resourceVersions. Monotonic milliseconds; absent: never. */
  readonly forgotAtMs?: number | undefined;
}
