/** Totals of the answers to running Pods. */
export interface Tally {
  readonly requests: number;
  readonly failures: readonly Failure[];
  /** Shortest remaining life of a document; Infinity if there was none. Milliseconds. */
  readonly leastLifeMs: number;
  /** Longest time between two good answers to a Pod. Milliseconds. */
  readonly longestGapMs: number;
}

export interface Failure {
  readonly pod: string;
  readonly status: number;
  readonly body: string;
  readonly atMs: number;
}

/** A document of a Pod. Its owner is checked later, because STS may be down. */
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

/** Counts by kind of failure: `3 × 503, 1 × ECONNREFUSED`. */
export function kindsOf(failures: readonly Failure[]): string {
  const counts = new Map<string, number>();
  for (const { status, body } of failures) {
    const kind = status === 0 ? body : String(status);
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return [...counts].map(([kind, count]) => `${count} × ${kind}`).join(', ');
}
