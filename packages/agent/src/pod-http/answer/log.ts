import { isReason, reasons } from '@rolegate/protocol';
import type { ReasonEntry } from '@rolegate/protocol';
import { createLogLimiter } from '@rolegate/runtime';
import type { Clock, CountScope, Log } from '@rolegate/runtime';
import type { Answered, AnswerFacts, AnswerRecord } from './record.ts';

/** Lines per Pod and reason in a window; the rest is counted. Pods are distinguished within their Namespace. */
const LINES_PER_WINDOW = 5;
/** Addresses without a Pod that are distinguished in a window. */
const MOST_STRANGERS = 32;
/**
 * Pairs of a source and the Pod whose ServiceAccount token it used that are distinguished in a window, by Namespace of the
 * source: more than a node has Pods, so that each pair is audited.
 */
const MOST_FOREIGN = 4_096;
/** Milliseconds. */
const WINDOW_MS = 10_000;

export interface AnswerLogDeps {
  readonly clock: Pick<Clock, 'monotonic' | 'schedule'>;
  readonly log: Log;
}

/** Logs answers: first credentials and refusals at their levels, all others at debug. Storms are sampled. */
export function createAnswerLog({ clock, log }: AnswerLogDeps): Answered {
  const limiter = {
    clock,
    lines: LINES_PER_WINDOW,
    windowMs: WINDOW_MS,
    ended: (leftOut: number, last: AnswerRecord, of: CountScope) => {
      log.info('refusal lines suppressed', { ...subjectOf(last, of), leftOut });
    },
  };
  const isWritten = createLogLimiter<AnswerRecord>(limiter);
  // A separate limit, so that made-up addresses suppress no lines about Pods.
  const isStrangerWritten = createLogLimiter<AnswerRecord>({ ...limiter, mostKeys: MOST_STRANGERS });
  const isForeignWritten = createLogLimiter<AnswerRecord>({ ...limiter, mostKeys: MOST_FOREIGN });

  /** Audited with both Pods. */
  function foreign(record: AnswerRecord, tokenUid: string): void {
    const { uid, namespace = '', ip } = record;
    if (isForeignWritten(namespace, `${uid ?? ip} ${tokenUid}`, record))
      log[levelOf(record)]('ServiceAccount token used from another address', { audit: true, ...record });
  }

  function refused(record: AnswerRecord): void {
    if (record.tokenUid !== undefined) {
      foreign(record, record.tokenUid);
      return;
    }
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
    // The description is only made if it is logged: it would be a large part of an answer's cost.
    else if (log.level === undefined || log.level.get() === 'debug')
      log.debug('request answered', describe());
  };
}

/** It is normal that the node lacks what a Pod may read (DESIGN.md 4.3). */
function isRefusal({ reason }: AnswerFacts): boolean {
  return reason !== undefined && reason !== 'MetadataNotFound';
}

function levelOf({ reason }: AnswerRecord): ReasonEntry['level'] {
  return reason !== undefined && isReason(reason) ? reasons[reason].level : 'info';
}

function subjectOf(record: AnswerRecord, of: CountScope): object {
  const { ip, uid, pod, namespace, reason, tokenPod, tokenUid } = record;
  if (of === 'all') return {};
  return of === 'group' ? { namespace } : { ip, uid, pod, namespace, reason, tokenPod, tokenUid };
}
