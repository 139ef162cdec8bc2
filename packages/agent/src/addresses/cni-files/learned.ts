/** When this process learned of a file. */
export interface Learned {
  /** Counts up. Files found by one scan share one turn and are ordered by creation time. */
  readonly turn: number;
  readonly createdNs: bigint;
}

export const BEFORE_ALL: Learned = { turn: -Infinity, createdNs: 0n };

/** Negative: a was learned of before b. 0: the order is unknown. */
export function compare(a: Learned, b: Learned): number {
  if (a.turn !== b.turn) return a.turn < b.turn ? -1 : 1;
  if (a.createdNs === b.createdNs) return 0;
  return a.createdNs < b.createdNs ? -1 : 1;
}

/** Sorted by when each was learned of. */
export function inOrder<What>(learned: readonly (readonly [Learned, What])[]): What[] {
  return [...learned].sort(([a], [b]) => compare(a, b)).map(([, what]) => what);
}
