import { Refusal } from '@rolegate/protocol';
import type { Clock } from '@rolegate/runtime';
import { describeError } from '@rolegate/runtime';
import { createRateLimits } from '../../limits/rate-limits.ts';
import type { ServerMemory } from '../../memory/memory.ts';
import type { ReportLimitHit } from '../../limits/limit-hits.ts';
import type { ReportLimit } from '../../limits/limit-names.ts';
import { LARGEST_FIRST_REPORT, LARGEST_REPORT, REPORTS } from './limits.ts';
import { receiveReport } from './reception.ts';
import type { Received } from './reception.ts';

/** The sender of a stream's reports. */
export interface StreamSource {
  /** Undefined until the first report. */
  readonly node: string | undefined;
  readonly peer: string;
}

export interface ReportReader {
  /** Throws an audited Refusal if the report is too large, unreadable or too frequent. */
  read(bytes: Buffer, first: boolean, source: StreamSource): Received;
  /** Audits the dropped values of a report. */
  noteDropped(received: Received, source: StreamSource): void;
  /** grpc-js ended the stream because a message was larger than any report can be. */
  noteTooLarge(source: StreamSource): void;
}

export interface ReportReaderDeps {
  readonly clock: Pick<Clock, 'monotonic' | 'schedule'>;
  readonly hit: ReportLimitHit;
  readonly memory?: ServerMemory | undefined;
}

/** Reads reports within the limits of DESIGN.md 4.11. */
export function createReportReader({ clock, hit, memory }: ReportReaderDeps): ReportReader {
  const mayReport = createRateLimits({ ...REPORTS, clock, memory, kind: 'reporting_nodes' });

  function refuse(limit: ReportLimit, refusal: Refusal, source: StreamSource): never {
    hit(limit, { ...source, error: refusal.message });
    throw refusal;
  }

  return {
    read(bytes, first, source) {
      if (!mayReport(source.node ?? source.peer)) {
        const message = `the node sends more than ${REPORTS.perSecond} reports a second`;
        refuse('report_rate', new Refusal('TooManyRequests', message), source);
      }
      const largest = first ? LARGEST_FIRST_REPORT : LARGEST_REPORT;
      if (bytes.length > largest) {
        const which = first ? 'the first report of a stream' : 'a later report';
        const message = `the report has ${bytes.length} bytes; the limit for ${which} is ${largest}`;
        refuse('report_bytes', new Refusal('TooManyRequests', message), source);
      }
      try {
        return receiveReport(bytes);
      } catch (cause) {
        const message = `the report cannot be read: ${describeError(cause)}`;
        return refuse('report_fields', new Refusal('ServerUnavailable', message, { cause }), source);
      }
    },
    noteDropped({ dropped }, source) {
      for (const [field, values] of dropped) hit('report_fields', { ...source, field, values });
    },
    noteTooLarge(source) {
      hit('report_bytes', { ...source, error: `the report has more than ${LARGEST_FIRST_REPORT} bytes` });
    },
  };
}
