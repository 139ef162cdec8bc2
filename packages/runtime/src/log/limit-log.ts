import type { Clock } from '../time/clock.ts';
import type { Log } from './log.ts';
import { createLogLimiter } from './log-limiter.ts';
import type { CountScope } from './log-limiter.ts';

export interface LimitLogOptions<Subject extends object> {
  readonly clock: Pick<Clock, 'monotonic' | 'schedule'>;
  readonly log: Log;
  readonly windowMs: number;
  /** As of createLogLimiter. */
  readonly mostKeys?: number;
  /** What the line about the lines left out says of the last of them. By default all of it if they had one key, else nothing. */
  readonly leftOut?: (last: Subject, of: CountScope) => object;
}

/** `client` is a group and `key` a key of createLogLimiter; `more` is said only in the line itself. */
export type LimitLog<Subject extends object> = (
  client: string,
  key: string,
  subject: Subject,
  more: object,
) => void;

/** Logs limits that were met: a line a window for each client and key, and at its end one about those that were left out. */
export function createLimitLog<Subject extends object>({
  log,
  leftOut = (last, of) => (of === 'key' ? last : {}),
  ...limiter
}: LimitLogOptions<Subject>): LimitLog<Subject> {
  const isWritten = createLogLimiter<Subject>({
    ...limiter,
    lines: 1,
    ended: (count, last, of) => {
      log.info('limit still met', { ...leftOut(last, of), count });
    },
  });
  return (client, key, subject, more) => {
    if (isWritten(client, key, subject)) log.warn('limit met', { ...subject, ...more });
  };
}
