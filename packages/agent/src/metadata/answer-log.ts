import { isReason, reasons } from '@rolegate/protocol';
import type { Clock, Log } from '@rolegate/runtime';
import type { AnswerRecord } from './answer-record.ts';

/** Lines about one Pod and one reason in a window; what is more is counted. */
const LINES_PER_WINDOW = 5;
/** Milliseconds. */
const WINDOW_MS = 10_000;
/** Pods and reasons that are told apart in one window; the rest share one count. */
const MOST_KEYS = 1024;

const THE_REST = 'the rest';

interface Storm {
  lines: number;
  leftOut: number;
  last: AnswerRecord;
}

export interface AnswerLogDeps {
  readonly clock: Pick<Clock, 'schedule'>;
  readonly log: Log;
}

/** Writes answers: first credentials and refusals for the operator to see, every one at debug. Storms are thinned out. */
export function createAnswerLog({ clock, log }: AnswerLogDeps): (record: AnswerRecord) => void {
  let storms = new Map<string, Storm>();

  function endWindow(): void {
    const ended = storms;
    storms = new Map();
    for (const [key, { leftOut, last }] of ended) {
      if (leftOut > 0) log.info('refusals left out of the log', { ...subjectOf(key, last), leftOut });
    }
  }

  function stormOf(record: AnswerRecord): Storm {
    const own = `${record.uid ?? record.ip} ${record.reason ?? ''}`;
    const key = storms.has(own) || storms.size < MOST_KEYS ? own : THE_REST;
    const known = storms.get(key);
    if (known !== undefined) return known;
    if (storms.size === 0) clock.schedule(WINDOW_MS, endWindow);
    const storm = { lines: 0, leftOut: 0, last: record };
    storms.set(key, storm);
    return storm;
  }

  function refused(record: AnswerRecord): void {
    const storm = stormOf(record);
    storm.last = record;
    if (storm.lines >= LINES_PER_WINDOW) {
      storm.leftOut += 1;
      return;
    }
    storm.lines += 1;
    log[levelOf(record)]('request refused', record);
  }

  return (record) => {
    if (record.reason !== undefined) refused(record);
    else if (record.first) log.info('first credentials delivered', { audit: true, ...record });
    else log.debug('request answered', record);
  };
}

function levelOf({ reason }: AnswerRecord): 'info' | 'warn' | 'error' {
  return reason !== undefined && isReason(reason) ? reasons[reason].level : 'info';
}

function subjectOf(key: string, { ip, uid, pod, namespace, reason }: AnswerRecord): object {
  return key === THE_REST ? {} : { ip, uid, pod, namespace, reason };
}
