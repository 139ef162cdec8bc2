import type { Log } from '@rolegate/runtime';
import type { ResultFiles } from './result-files.ts';

/** Far more than a node's Pods (2 files each) and the leftovers of crashes; beyond it only the newest are read. */
const MOST_FILES = 4_096;
/** Stands for an unreadable creation time: such a file may be the newest. Nanoseconds. */
const AFTER_ALL_NS = 2n ** 63n;
/** Files checked in parallel: libuv has 4 threads. */
const SIDE_BY_SIDE = 16;

const HINT =
  'Only the newest 4,096 files are read. Remove results of Pods that no longer exist, the oldest first (ls -tr).';

export interface Survey {
  readonly listed: readonly string[];
  /** Those to read: all, or the newest if there are too many. */
  readonly read: readonly string[];
  /** Creation times of the new files, or of the newest if there are too many. */
  readonly created: readonly (readonly [name: string, createdNs: bigint])[];
}

export interface SurveyDeps {
  readonly directory: string;
  readonly files: Pick<ResultFiles, 'list' | 'stamp'>;
  readonly knows: (name: string) => boolean;
  readonly log: Log;
}

/** Lists the files of a directory before any is read. Rejects if it cannot be listed. */
export function createSurvey({ directory, files, knows, log }: SurveyDeps): () => Promise<Survey> {
  let crowded = false;

  function logCrowded(count: number): void {
    if (count > MOST_FILES && !crowded)
      log.warn('CNI results directory has too many files', { directory, count, hint: HINT });
    crowded = count > MOST_FILES;
  }

  async function createdOf(names: readonly string[]): Promise<[name: string, createdNs: bigint][]> {
    const created: [name: string, createdNs: bigint][] = [];
    await inBatches(names, async (name) => {
      const unknown = { createdNs: AFTER_ALL_NS };
      const stamp = await files.stamp(`${directory}/${name}`).catch(() => unknown);
      if (stamp !== undefined) created.push([name, stamp.createdNs]);
    });
    return created;
  }

  return async () => {
    const listed = await files.list(directory);
    logCrowded(listed.length);
    const tooMany = listed.length > MOST_FILES;
    const created = await createdOf(tooMany ? listed : listed.filter((name) => !knows(name)));
    created.sort(([, a], [, b]) => (a < b ? 1 : -1));
    const newest = created.slice(0, MOST_FILES);
    return { listed, read: tooMany ? newest.map(([name]) => name) : listed, created: newest };
  };
}

export async function inBatches(
  names: readonly string[],
  visit: (name: string) => Promise<void>,
): Promise<void> {
  for (let start = 0; start < names.length; start += SIDE_BY_SIDE) {
    await Promise.all(names.slice(start, start + SIDE_BY_SIDE).map(visit));
  }
}
