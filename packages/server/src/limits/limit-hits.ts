import { createLimitLog } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';
import { portLimits, reportLimits } from './limit-names.ts';
import type { LimitName, PortLimit, ReportLimit } from './limit-names.ts';
import { hostOf } from './rate-limits.ts';

/** The client that reached a limit of the gRPC ports. */
export interface PortLimitSubject {
  /** The source address without its port; for IPv6 its /64. */
  readonly address: string;
  /** If a certificate or a token proves it. */
  readonly node?: string | undefined;
}

export type PortLimitHit = (limit: PortLimit, subject: PortLimitSubject) => void;

/** The agent that reached a limit on reports, and the part of the report. */
export interface ReportLimitSubject {
  /** Undefined until the peer is identified. */
  readonly node: string | undefined;
  readonly peer: string;
  /** The field of the report (feed/reports/limits.ts). */
  readonly field?: string;
  /** The number of dropped values. */
  readonly values?: number;
  /** Set if the report is too large or unreadable. */
  readonly error?: string;
}

export type ReportLimitHit = (limit: ReportLimit, subject: ReportLimitSubject) => void;

export interface LimitHitsDeps<Name extends LimitName> {
  readonly clock: Pick<Clock, 'monotonic' | 'schedule'>;
  readonly log: Log;
  readonly counted: (limit: Name) => void;
}

export const LIMIT_LOG_WINDOW_MS = 60_000;

/** Counts and logs reached limits: a line a minute for each address and limit, and a summary of the omitted lines. */
export function createPortLimitHits({ clock, log, counted }: LimitHitsDeps<PortLimit>): PortLimitHit {
  const note = createLimitLog({ clock, log, windowMs: LIMIT_LOG_WINDOW_MS });
  return (limit, subject) => {
    counted(limit);
    note(subject.node ?? subject.address, limit, { limit, ...subject }, portLimits[limit]);
  };
}

/** Counts and audits reached limits: a line a minute for each node, limit and field, and a summary of the omitted lines. */
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
