import { createLimitLog } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';
import { clusterLimits } from '../limits/limit-names.ts';
import type { ClusterLimit } from '../limits/limit-names.ts';

/** Who met a limit. */
export interface LimitSubject {
  readonly kind: string;
  /** Of the object; '' if it is not known. */
  readonly namespace: string;
  readonly name?: string;
  readonly keys?: readonly string[];
}

export type LimitHit = (limit: ClusterLimit, subject: LimitSubject) => void;

export interface LimitHitsDeps {
  readonly clock: Pick<Clock, 'monotonic' | 'schedule'>;
  readonly log: Log;
  readonly counted: (limit: ClusterLimit) => void;
}

const WINDOW_MS = 60_000;

/** Counts limits that were met, and says so: a line for each Namespace and limit at the beginning of a storm, one at its end. */
export function createLimitHits({ clock, log, counted }: LimitHitsDeps): LimitHit {
  const note = createLimitLog({ clock, log, windowMs: WINDOW_MS });
  return (limit, subject) => {
    counted(limit);
    note(subject.namespace, limit, { limit, ...subject }, clusterLimits[limit]);
  };
}
