import { ClusterError, describeRight } from '../cluster/cluster-error.ts';
import { explainClusterError } from '../cluster/explain-error.ts';
import { sourceKey } from './sources.ts';
import type { LogSource } from './entry.ts';

/** Containers named in a note. */
const MOST_NAMED = 3;

/** Collects logs that could not be read, so that a missing right is said once and not for each Pod. */
export interface Failures {
  /** Returns the line for the user if this is the first failure of its kind. */
  add(source: LogSource, error: unknown): string | undefined;
  /** A line for each kind of failure, with the number of logs that are missing. */
  summary(): readonly string[];
  readonly count: number;
}

interface Kind {
  readonly line: string;
  readonly sources: Set<string>;
}

export function createFailures(): Failures {
  const kinds = new Map<string, Kind>();
  return {
    add(source, error) {
      const { key, line } = kindOf(source, error);
      const known = kinds.get(key);
      if (known !== undefined) {
        known.sources.add(sourceKey(source));
        return undefined;
      }
      kinds.set(key, { line, sources: new Set([sourceKey(source)]) });
      return line;
    },
    summary: () =>
      [...kinds.values()].map(({ line, sources }) => {
        if (sources.size === 1) return line;
        const named = [...sources].slice(0, MOST_NAMED).join(', ');
        const more = sources.size > MOST_NAMED ? ', …' : '';
        return `${line} (the logs of ${sources.size} containers are missing: ${named}${more})`;
      }),
    get count() {
      let count = 0;
      for (const { sources } of kinds.values()) count += sources.size;
      return count;
    },
  };
}

function kindOf(source: LogSource, error: unknown): { readonly key: string; readonly line: string } {
  if (error instanceof ClusterError && ['forbidden', 'unauthorized'].includes(error.fault))
    return { key: `${error.fault} ${describeRight(error.right)}`, line: explainClusterError(error) };
  const words = error instanceof Error ? error.message : String(error);
  return { key: sourceKey(source), line: `cannot read the log of ${sourceKey(source)}: ${words}` };
}

/** True if the log is missing for a normal reason: the Pod is gone, or the container has not started yet. */
export function isNotThere(error: unknown): boolean {
  return error instanceof ClusterError && (error.fault === 'not found' || error.fault === 'bad request');
}
