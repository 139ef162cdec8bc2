import { createLimitLog } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';
import { portLimits, reportLimits } from './limit-names.ts';
import type { LimitName, PortLimit, ReportLimit } from './limit-names.ts';
import { hostOf } from './rate-limits.ts';

/** Who met a limit of the gRPC ports. */
export interface PortLimitSubject {
  /** The source address, without a port; of an IPv6 address its /64. */
  readonly address: string;
  /** If a certificate or a token has proven it. */
  readonly node?: string | undefined;
}

export type PortLimitHit = (limit: PortLimit, subject: PortLimitSubject) => void;

/** Who met a limit of what agents report, and in what. */
export interface ReportLimitSubject {
  /** Undefined: nobody knows yet who calls. */
  readonly node: string | undefined;
  readonly peer: string;
  /** Of a report (feed/reports/limits.ts). */
  readonly field?: string;
  /** Values that were left out. */
  readonly values?: number;
  /** Of the report, if it is too large or cannot be read. */
  readonly error?: string;
}

export type ReportLimitHit = (limit: ReportLimit, subject: ReportLimitSubject) => void;

export interface LimitHitsDeps<Name extends LimitName> {
  readonly clock: Pick<Clock, 'monotonic' | 'schedule'>;
  readonly log: Log;
  readonly counted: (limit: Name) => void;
}

export const LIMIT_LOG_WINDOW_MS = 60_000;

/** Counts limits that were met, and logs a line a minute for each address and limit, and one for what was left out. */
export function createPortLimitHits({ clock, log, counted }: LimitHitsDeps<PortLimit>): PortLimitHit {
  const note = createLimitLog({ clock, log, windowMs: LIMIT_LOG_WINDOW_MS });
  return (limit, subject) => {
    counted(limit);
    note(subject.node ?? subject.address, limit, { limit, ...subject }, portLimits[limit]);
  };
}

/** Counts limits that were met, and audits them: a line a minute for each node, limit and field, and one for what was left out. */
export function createReportLimitHits({ clock, log, counted }: LimitHitsDeps<ReportLimit>): ReportLimitHit {
  const note = createLimitLog<object>({
    clock,
    log,
    windowMs: LIMIT_LOG_WINDOW_MS,
    leftOut: (last) => last,
  });
  return (limit, subject) => {
    counted(limit);
    const key = `${limit} ${subject.field ?? ''}`;
    const more = { audit: true, hint: reportLimits[limit].hint };
    note(subject.node ?? hostOf(subject.peer), key, { limit, ...subject }, more);
  };
}
