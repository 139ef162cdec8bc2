import type { Clock } from '../time/clock.ts';
import type { Log } from './log.ts';

/** What a count covers: one key, the excess keys of a group, or the excess groups. */
export type CountScope = 'key' | 'group' | 'all';

export interface LogLimiterOptions<Subject> {
  readonly clock: Pick<Clock, 'monotonic' | 'schedule'>;
  /** Lines of one key that are written in a window. Further lines are counted. */
  readonly lines: number;
  readonly windowMs: number;
  /** Keys of one group that are counted separately in a window. The others share a count. Defaults to 64. */
  readonly mostKeys?: number;
  /** Groups that are counted separately in a window. The others share a count. Defaults to 1,024. */
  readonly mostGroups?: number;
  /** Called at the end of a window for each count of suppressed lines, with the subject of the last one. */
  readonly ended: (leftOut: number, last: Subject, of: CountScope) => void;
}

const MOST_KEYS = 64;
const MOST_GROUPS = 1_024;

interface Count<Subject> {
  readonly of: CountScope;
  lines: number;
  leftOut: number;
  last: Subject;
}

interface Group<Subject> {
  readonly keys: Map<string, Count<Subject>>;
  /** For the group's excess keys. */
  rest?: Count<Subject>;
}

/**
 * Limits how many log lines are written. The returned function says whether to write a line. A group is whoever causes
 * lines, such as a Namespace. One group's lines never suppress another's.
 */
export function createLogLimiter<Subject>(options: LogLimiterOptions<Subject>) {
  const { clock, lines, windowMs, mostKeys = MOST_KEYS, mostGroups = MOST_GROUPS } = options;
  let groups = new Map<string, Group<Subject>>();
  let rest: Count<Subject> | undefined;
  let endsAtMs = -Infinity;
  let timed = false;

  function beginWindow(): void {
    groups = new Map();
    rest = undefined;
  }

  function endWindow(): void {
    const ended = [...groups.values()].flatMap((group) => [...group.keys.values(), group.rest]);
    ended.push(rest);
    timed = false;
    beginWindow();
    for (const count of ended)
      if (count !== undefined && count.leftOut > 0) options.ended(count.leftOut, count.last, count.of);
  }

  function countFor(name: string, key: string, last: Subject): Count<Subject> {
    let group = groups.get(name);
    if (group === undefined) {
      if (groups.size >= mostGroups) return (rest ??= newCount('all', last));
      groups.set(name, (group = { keys: new Map() }));
    }
    const known = group.keys.get(key);
    if (known !== undefined) return known;
    if (group.keys.size >= mostKeys) return (group.rest ??= newCount('group', last));
    const count = newCount('key', last);
    group.keys.set(key, count);
    return count;
  }

  return (group: string, key: string, subject: Subject): boolean => {
    const nowMs = clock.monotonic();
    if (!timed && nowMs >= endsAtMs) {
      beginWindow();
      endsAtMs = nowMs + windowMs;
    }
    const count = countFor(group, key, subject);
    count.last = subject;
    if (count.lines < lines) {
      count.lines += 1;
      return true;
    }
    count.leftOut += 1;
    if (!timed) clock.schedule(endsAtMs - nowMs, endWindow);
    timed = true;
    return false;
  };
}

function newCount<Subject>(of: CountScope, last: Subject): Count<Subject> {
  return { of, lines: 0, leftOut: 0, last };
}

export interface LimitLogOptions<Subject extends object> {
  readonly clock: Pick<Clock, 'monotonic' | 'schedule'>;
  readonly log: Log;
  readonly windowMs: number;
  /** See LogLimiterOptions. */
  readonly mostKeys?: number;
  /**
   * Fields of the line about suppressed lines, from the last one. By default the whole subject if they had one key,
   * else nothing.
   */
  readonly leftOut?: (last: Subject, of: CountScope) => object;
}

/** Fields of the first line of a window. */
interface LimitAdvice {
  readonly refused?: string;
  readonly audit?: boolean;
  readonly hint: string;
}

/** `client` and `key` are a group and a key of createLogLimiter. `more` is only in the first line. */
export type LimitLog<Subject extends object> = (
  client: string,
  key: string,
  subject: Subject,
  more: LimitAdvice,
) => void;

/**
 * Logs limits that were reached: one line per window for each client and key, and one about suppressed lines at its
 * end.
 */
export function createLimitLog<Subject extends object>({
  log,
  leftOut = (last, of) => (of === 'key' ? last : {}),
  ...limiter
}: LimitLogOptions<Subject>): LimitLog<Subject> {
  const isWritten = createLogLimiter<Subject>({
    ...limiter,
    lines: 1,
    ended: (count, last, of) => {
      log.info('limit reached repeatedly', { ...leftOut(last, of), count });
    },
  });
  return (client, key, subject, more) => {
    if (isWritten(client, key, subject)) log.warn('limit reached', { ...subject, ...more });
  };
}
