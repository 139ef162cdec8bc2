import type { Clock } from '../time/clock.ts';
import type { Log } from './log.ts';

/** What shared one count: the lines of one key, those of a group's keys beyond the most, or those of groups beyond the most. */
export type CountScope = 'key' | 'group' | 'all';

export interface LogLimiterOptions<Subject> {
  readonly clock: Pick<Clock, 'monotonic' | 'schedule'>;
  /** So many lines of one key in a window; what is more is counted. */
  readonly lines: number;
  readonly windowMs: number;
  /** Keys of one group that are told apart in one window; the rest of the group share one count. 64 by default. */
  readonly mostKeys?: number;
  /** Groups that are told apart in one window; the rest share one count. 1,024 by default. */
  readonly mostGroups?: number;
  /** Called at a window's end for each count of lines that were left out, with the subject of the last one. */
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
  /** Of the keys beyond the most. */
  rest?: Count<Subject>;
}

/**
 * Limits how many log lines are written. The returned function says whether a line is to be written. A group is whoever causes
 * lines, such as a Namespace: however many one causes, they hide no line of another.
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
  /** As of createLogLimiter. */
  readonly mostKeys?: number;
  /** What the line about the lines left out says of the last of them. By default all of it if they had one key, else nothing. */
  readonly leftOut?: (last: Subject, of: CountScope) => object;
}

/** The fields that only the first line of a window has. */
interface LimitAdvice {
  readonly refused?: string;
  readonly audit?: boolean;
  readonly hint: string;
}

/** `client` is a group and `key` a key of createLogLimiter; `more` is said only in the line itself. */
export type LimitLog<Subject extends object> = (
  client: string,
  key: string,
  subject: Subject,
  more: LimitAdvice,
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
      log.info('limit reached repeatedly', { ...leftOut(last, of), count });
    },
  });
  return (client, key, subject, more) => {
    if (isWritten(client, key, subject)) log.warn('limit reached', { ...subject, ...more });
  };
}
