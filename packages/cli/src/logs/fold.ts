import { field } from './entry.ts';
import type { LogEntry } from './entry.ts';

/** What is shown: a line, or the number of lines like it that are not shown. */
export type Shown =
  | { readonly kind: 'line'; readonly entry: LogEntry; readonly joined: Joined }
  | { readonly kind: 'more'; readonly count: number; readonly like: LogEntry; readonly untilMs: number };

/** What a line has to do with its request: it is about the line above, about an earlier one, or neither. */
export type Joined = 'above' | { readonly earlierMs: number } | 'no';

export interface FoldOptions {
  /** Of the lines that are alike, one is shown in this time. Milliseconds. */
  readonly windowMs: number;
  /** Kinds of lines that are told apart; beyond it, the oldest count is shown early. */
  readonly mostKinds: number;
}

/** Folds storms: of lines that differ only in time, request or duration, one is shown and the others are counted. */
export interface Fold {
  add(group: readonly LogEntry[]): readonly Shown[];
  /** The counts that ended before this time, by the clocks of the nodes. Infinity: all. */
  until(atMs: number): readonly Shown[];
}

interface Storm {
  readonly like: LogEntry;
  readonly startMs: number;
  lastMs: number;
  more: number;
}

/** Lines by which programs report lines that they did not write, and what those would have said. */
const SUPPRESSED: Readonly<Record<string, string>> = {
  'refusal lines suppressed': 'request refused',
  'session failure lines suppressed': 'cannot issue session',
};
/** Requests whose later lines are recognized. */
const MOST_REQUESTS = 1_000;
/** Fields in which lines that are alike agree. */
const IDENTITY = ['namespace', 'pod', 'reason', 'node'] as const;
const MORE_IDENTITY = ['role', 'sessionName', 'route', 'status', 'error', 'address'] as const;

export function createFold({ windowMs, mostKinds }: FoldOptions): Fold {
  const storms = new Map<string, Storm>();
  const join = createJoin();

  function until(atMs: number): Shown[] {
    const ended: Shown[] = [];
    // In the order of their start, nearly: sources are merged by time.
    for (const [key, storm] of storms) {
      if (storm.startMs + windowMs > atMs) break;
      storms.delete(key);
      ended.push(...moreOf(storm));
    }
    return ended;
  }

  function count(entry: LogEntry, isBelow: boolean): readonly Shown[] {
    const leftOut = leftOutOf(entry);
    const key = leftOut > 0 ? (latestLike(storms, entry) ?? keyOf(entry)) : keyOf(entry);
    const storm = storms.get(key);
    if (storm !== undefined) {
      storm.more += Math.max(1, leftOut);
      storm.lastMs = entry.atMs;
      return [];
    }
    // Nothing like it was shown: the line itself says how many there were.
    if (leftOut > 0) return [{ kind: 'more', count: leftOut, like: entry, untilMs: entry.atMs }];
    storms.set(key, { like: entry, startMs: entry.atMs, lastMs: entry.atMs, more: 0 });
    return [...overflow(), { kind: 'line', entry, joined: join(entry, isBelow) }];
  }

  function overflow(): Shown[] {
    const [oldest] = storms.size > mostKinds ? storms : [];
    if (oldest === undefined) return [];
    storms.delete(oldest[0]);
    return moreOf(oldest[1]);
  }

  return {
    until,
    add(group) {
      const shown: Shown[] = [];
      let isFirst = true;
      for (const entry of group) {
        shown.push(...until(entry.atMs));
        const counted = count(entry, !isFirst);
        shown.push(...counted);
        if (counted.some(({ kind }) => kind === 'line')) isFirst = false;
      }
      return shown;
    },
  };
}

/** Tells what a line that is shown has to do with its request, which is remembered. */
function createJoin(): (entry: LogEntry, isBelow: boolean) => Joined {
  const requests = new Map<string, number>();
  return ({ requestId, atMs }, isBelow) => {
    if (requestId === undefined) return 'no';
    if (isBelow) return 'above';
    const earlierMs = requests.get(requestId);
    if (earlierMs !== undefined) return { earlierMs };
    requests.set(requestId, atMs);
    const [oldest] = requests.size > MOST_REQUESTS ? requests.keys() : [];
    if (oldest !== undefined) requests.delete(oldest);
    return 'no';
  };
}

function moreOf({ more, like, lastMs }: Storm): Shown[] {
  return more === 0 ? [] : [{ kind: 'more', count: more, like, untilMs: lastMs }];
}

/** The number of lines that the line stands for; 0 if it stands for itself. */
function leftOutOf({ fields }: LogEntry): number {
  const { msg, leftOut } = fields ?? {};
  return typeof msg === 'string' && msg.endsWith('lines suppressed') && typeof leftOut === 'number'
    ? leftOut
    : 0;
}

/** The latest storm of the same program, Pod and reason as a line about suppressed lines. */
function latestLike(storms: ReadonlyMap<string, Storm>, { source, fields }: LogEntry): string | undefined {
  const message = SUPPRESSED[field(fields, 'msg') ?? ''];
  if (message === undefined) return undefined;
  let found: string | undefined;
  for (const [key, { like }] of storms) {
    const isLike =
      like.source.pod === source.pod &&
      field(like.fields, 'msg') === message &&
      IDENTITY.every((name) => name === 'node' || field(like.fields, name) === field(fields, name));
    if (isLike) found = key;
  }
  return found;
}

function keyOf({ source, text, fields }: LogEntry): string {
  const origin = `${source.namespace}/${source.pod}/${source.container}`;
  if (fields === undefined) return `${origin} ${text}`;
  const address = field(fields, 'pod') === undefined ? field(fields, 'ip') : undefined;
  const identity = [...IDENTITY, ...MORE_IDENTITY].map((name) => fields[name] ?? '');
  return JSON.stringify([origin, fields['msg'], address, ...identity]);
}
