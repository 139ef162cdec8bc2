/** What running Pods were answered over a time. */
export interface Tally {
  readonly requests: number;
  readonly failures: readonly Failure[];
  /** Of all documents. Milliseconds; Infinity where there was none. */
  readonly leastLifeMs: number;
  /** The longest time in which one Pod had no answer as it should be, from its last good one to its next. Milliseconds. */
  readonly longestGapMs: number;
}

export interface Failure {
  readonly pod: string;
  readonly status: number;
  readonly body: string;
  readonly atMs: number;
}

/** One document of a Pod, to be held against its owner later: STS may be away now. */
export interface SeenKey {
  readonly pod: string;
  readonly role: string;
  readonly document: string;
}

export function inFull(tallies: readonly Tally[]): Tally {
  return {
    requests: tallies.reduce((sum, { requests }) => sum + requests, 0),
    failures: tallies.flatMap(({ failures }) => failures),
    leastLifeMs: Math.min(...tallies.map(({ leastLifeMs }) => leastLifeMs)),
    longestGapMs: Math.max(...tallies.map(({ longestGapMs }) => longestGapMs)),
  };
}

/** The kinds of failure and how often each came: `3 × 503, 1 × ECONNREFUSED`. */
export function kindsOf(failures: readonly Failure[]): string {
  const counts = new Map<string, number>();
  for (const { status, body } of failures) {
    const kind = status === 0 ? body : String(status);
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return [...counts].map(([kind, count]) => `${count} × ${kind}`).join(', ');
}
