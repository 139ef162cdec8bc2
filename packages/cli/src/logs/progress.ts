import type { LogSource } from './entry.ts';

/** How far logs have been read that are read at the same time. */
export interface Progress {
  /** The log was read to this time. */
  reached(source: LogSource, atMs: number): void;
  ended(source: LogSource): void;
  /** All lines before this time have been read. -Infinity until each log has begun; Infinity when all have ended. */
  completeMs(): number;
  /** True if no other log is further behind. */
  isLast(source: LogSource): boolean;
}

export function createProgress(sources: readonly LogSource[]): Progress {
  const times = new Map(sources.map((source) => [source, -Infinity]));

  function completeMs(): number {
    let least = Infinity;
    for (const atMs of times.values()) if (atMs < least) least = atMs;
    return least;
  }

  return {
    completeMs,
    reached(source, atMs) {
      times.set(source, atMs);
    },
    ended(source) {
      times.delete(source);
    },
    isLast: (source) => times.get(source) === completeMs(),
  };
}
