import type { Clock } from './clock.ts';

export interface StormsOptions<Subject> {
  readonly clock: Pick<Clock, 'monotonic' | 'schedule'>;
  /** So many lines of one key in a window; what is more is counted. */
  readonly lines: number;
  readonly windowMs: number;
  /** Keys that are told apart in one window; the rest share one count. 1,024 by default. */
  readonly mostKeys?: number;
  /** Called at a window's end for each key of which lines were left out; the subject is the last one, undefined for the rest. */
  readonly ended: (leftOut: number, subject: Subject | undefined) => void;
}

const MOST_KEYS = 1_024;
const THE_REST = 'the rest';

interface Storm<Subject> {
  lines: number;
  leftOut: number;
  last: Subject;
}

/** Thins out lines that come in storms. What it returns says whether the line is to be written. */
export function createStorms<Subject>(options: StormsOptions<Subject>) {
  const { clock, lines, windowMs, mostKeys = MOST_KEYS } = options;
  let storms = new Map<string, Storm<Subject>>();
  let endsAtMs = -Infinity;
  let timed = false;

  function endWindow(): void {
    const ended = storms;
    timed = false;
    storms = new Map();
    for (const [key, { leftOut, last }] of ended)
      if (leftOut > 0) options.ended(leftOut, key === THE_REST ? undefined : last);
  }

  function stormOf(own: string, subject: Subject): Storm<Subject> {
    const key = storms.has(own) || storms.size < mostKeys ? own : THE_REST;
    const known = storms.get(key);
    if (known !== undefined) return known;
    const storm = { lines: 0, leftOut: 0, last: subject };
    storms.set(key, storm);
    return storm;
  }

  return (key: string, subject: Subject): boolean => {
    const nowMs = clock.monotonic();
    if (!timed && nowMs >= endsAtMs) {
      storms = new Map();
      endsAtMs = nowMs + windowMs;
    }
    const storm = stormOf(key, subject);
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
