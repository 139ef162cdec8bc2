import { createLimitLog } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';
import { hostOf } from '../identity/foreign-nodes.ts';
import type { ReportField } from '../feed/reports/limits.ts';

/** Every limit of what agents say and open (DESIGN.md 4.11, "a node's reports"), as metric and log name it. */
export const reportLimitNames = ['report_bytes', 'report_fields', 'report_rate', 'node_streams'] as const;
export type ReportLimitName = (typeof reportLimitNames)[number];

/** Who met a limit, and in what. */
export interface ReportLimitSubject {
  /** Undefined: nobody knows yet who calls. */
  readonly node: string | undefined;
  readonly peer: string;
  readonly field?: ReportField;
  /** Values that were left out. */
  readonly values?: number;
  /** Of the report, if it is too large or cannot be read. */
  readonly error?: string;
}

export type ReportLimitHit = (limit: ReportLimitName, subject: ReportLimitSubject) => void;

export interface ReportLimitHitsDeps {
  readonly clock: Pick<Clock, 'monotonic' | 'schedule'>;
  readonly log: Log;
  readonly counted: (limit: ReportLimitName) => void;
}

const WINDOW_MS = 60_000;

const NOT_AN_AGENT = 'no released agent does this: see what runs as the agent on this node';
const HINTS: Readonly<Record<ReportLimitName, string>> = {
  report_bytes: NOT_AN_AGENT,
  report_fields: NOT_AN_AGENT,
  report_rate: NOT_AN_AGENT,
  node_streams: 'see how many agents run on this node; two a Pod and four a node are kept, the newest ones',
};

/** Counts limits that were met, and audits them: a line a minute for each node, limit and field, and one for what was left out. */
export function createReportLimitHits({ clock, log, counted }: ReportLimitHitsDeps): ReportLimitHit {
  const note = createLimitLog<object>({ clock, log, windowMs: WINDOW_MS, leftOut: (last) => last });
  return (limit, subject) => {
    counted(limit);
    const key = `${limit} ${subject.field ?? ''}`;
    const said = { audit: true, hint: HINTS[limit] };
    note(subject.node ?? hostOf(subject.peer), key, { limit, ...subject }, said);
  };
}
