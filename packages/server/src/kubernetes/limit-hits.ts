import { createLimitLog } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';
import { clusterLimits } from '../limits/limit-names.ts';
import type { ClusterLimit } from '../limits/limit-names.ts';

/** What reached a limit. */
export interface LimitSubject {
  readonly kind: string;
  /** Of the object; '' if unknown. */
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

/** Counts and logs reached limits: a line a minute for each Namespace and limit, and a summary of the omitted lines. */
export function createLimitHits({ clock, log, counted }: LimitHitsDeps): LimitHit {
  const note = createLimitLog({ clock, log, windowMs: WINDOW_MS });
  return (limit, subject) => {
    counted(limit);
    note(subject.namespace, limit, { limit, ...subject }, clusterLimits[limit]);
  };
}
