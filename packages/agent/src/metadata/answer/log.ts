import { isReason, reasons } from '@rolegate/protocol';
import type { ReasonEntry } from '@rolegate/protocol';
import { createLogLimiter } from '@rolegate/runtime';
import type { Clock, CountScope, Log } from '@rolegate/runtime';
import type { Answered, AnswerFacts, AnswerRecord } from './record.ts';

/** Lines about one Pod and one reason in a window; what is more is counted. Pods are told apart within their Namespace. */
const LINES_PER_WINDOW = 5;
/** Addresses without a Pod that are told apart in a window. */
const MOST_STRANGERS = 32;
/** Milliseconds. */
const WINDOW_MS = 10_000;

export interface AnswerLogDeps {
  readonly clock: Pick<Clock, 'monotonic' | 'schedule'>;
  readonly log: Log;
}

/** Writes answers: first credentials and refusals at the level that operators see, all others at debug. Storms are thinned out. */
export function createAnswerLog({ clock, log }: AnswerLogDeps): Answered {
  const limiter = {
    clock,
    lines: LINES_PER_WINDOW,
    windowMs: WINDOW_MS,
    ended: (leftOut: number, last: AnswerRecord, of: CountScope) => {
      log.info('refusal log lines suppressed', { ...subjectOf(last, of), leftOut });
    },
  };
  const isWritten = createLogLimiter<AnswerRecord>(limiter);
  // Addresses can be made up; they take nothing from the Pods.
  const isStrangerWritten = createLogLimiter<AnswerRecord>({ ...limiter, mostKeys: MOST_STRANGERS });

  function refused(record: AnswerRecord): void {
    const { uid, namespace = '', ip, reason = '' } = record;
    const written =
      uid === undefined
        ? isStrangerWritten('', `${ip} ${reason}`, record)
        : isWritten(namespace, `${uid} ${reason}`, record);
    if (written) log[levelOf(record)]('request refused', record);
  }

  return (facts, describe) => {
    if (isRefusal(facts)) refused(describe());
    else if (facts.first) log.info('first credentials delivered', { audit: true, ...describe() });
    // Described for nobody, it would be a good part of what an answer costs.
    else if (log.level === undefined || log.level.get() === 'debug')
      log.debug('request answered', describe());
  };
}

/** That the node lacks what a Pod may read is an answer as any other (DESIGN.md 4.3). */
function isRefusal({ reason }: AnswerFacts): boolean {
  return reason !== undefined && reason !== 'MetadataNotFound';
}

function levelOf({ reason }: AnswerRecord): ReasonEntry['level'] {
  return reason !== undefined && isReason(reason) ? reasons[reason].level : 'info';
}

function subjectOf({ ip, uid, pod, namespace, reason }: AnswerRecord, of: CountScope): object {
  if (of === 'all') return {};
  return of === 'group' ? { namespace } : { ip, uid, pod, namespace, reason };
}
