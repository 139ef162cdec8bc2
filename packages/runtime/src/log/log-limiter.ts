import type { Clock } from '../time/clock.ts';

/** What shared one count: the lines of one key, those of a group's keys beyond the most, or those of groups beyond the most. */
export type StormOf = 'key' | 'group' | 'all';

export interface StormsOptions<Subject> {
  readonly clock: Pick<Clock, 'monotonic' | 'schedule'>;
  /** So many lines of one key in a window; what is more is counted. */
  readonly lines: number;
  readonly windowMs: number;
  /** Keys of one group that are told apart in one window; the rest of the group share one count. 64 by default. */
  readonly mostKeys?: number;
  /** Groups that are told apart in one window; the rest share one count. 1,024 by default. */
  readonly mostGroups?: number;
  /** Called at a window's end for each count of lines that were left out, with the subject of the last one. */
  readonly ended: (leftOut: number, last: Subject, of: StormOf) => void;
}

const MOST_KEYS = 64;
const MOST_GROUPS = 1_024;

interface Storm<Subject> {
  readonly of: StormOf;
  lines: number;
  leftOut: number;
  last: Subject;
}

interface Group<Subject> {
  readonly keys: Map<string, Storm<Subject>>;
  /** Of the keys beyond the most. */
  rest?: Storm<Subject>;
}

/**
 * Thins out lines that come in storms. What it returns says whether the line is to be written. A group is whoever causes
 * lines, such as a Namespace: the storm of one hides nothing of another.
 */
export function createStorms<Subject>(options: StormsOptions<Subject>) {
  const { clock, lines, windowMs, mostKeys = MOST_KEYS, mostGroups = MOST_GROUPS } = options;
  let groups = new Map<string, Group<Subject>>();
  let rest: Storm<Subject> | undefined;
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
    for (const storm of ended)
      if (storm !== undefined && storm.leftOut > 0) options.ended(storm.leftOut, storm.last, storm.of);
  }

  function stormOf(name: string, key: string, last: Subject): Storm<Subject> {
    let group = groups.get(name);
    if (group === undefined) {
      if (groups.size >= mostGroups) return (rest ??= begin('all', last));
      groups.set(name, (group = { keys: new Map() }));
    }
    const known = group.keys.get(key);
    if (known !== undefined) return known;
    if (group.keys.size >= mostKeys) return (group.rest ??= begin('group', last));
    const storm = begin('key', last);
    group.keys.set(key, storm);
    return storm;
  }

  return (group: string, key: string, subject: Subject): boolean => {
    const nowMs = clock.monotonic();
    if (!timed && nowMs >= endsAtMs) {
      beginWindow();
      endsAtMs = nowMs + windowMs;
    }
    const storm = stormOf(group, key, subject);
    storm.last = subject;
    if (storm.lines < lines) {
      storm.lines += 1;
      return true;
    }
    storm.leftOut += 1;
    if (!timed) clock.schedule(endsAtMs - nowMs, endWindow);
    timed = true;
    return false;
  };
}

function begin<Subject>(of: StormOf, last: Subject): Storm<Subject> {
  return { of, lines: 0, leftOut: 0, last };
}
