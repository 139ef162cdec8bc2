import { describeError } from '@rolegate/runtime';
import type { Log } from '@rolegate/runtime';
import type { ResultFiles } from './result-files.ts';

const HINT =
  'New files are found by polling while this fails. Check fs.inotify.max_user_instances and fs.inotify.max_user_watches on the node.';

export interface DirectoryWatch {
  /** Watches the current directory. Never throws: if it cannot be watched, changes are found by polling. */
  readonly start: () => void;
  readonly stop: () => void;
  readonly active: () => boolean;
}

export interface DirectoryWatchDeps {
  readonly directory: string;
  readonly files: Pick<ResultFiles, 'watch'>;
  /** A file was created, removed or changed; undefined if the system does not say which. */
  readonly noticed: (name: string | undefined) => void;
  readonly log: Log;
}

/** The system's watch of a directory, which can fail at any time. */
export function createDirectoryWatch({ directory, files, noticed, log }: DirectoryWatchDeps): DirectoryWatch {
  let unwatch: (() => void) | undefined;
  let lastFault = '';

  function stop(): void {
    unwatch?.();
    unwatch = undefined;
  }

  function lost(error: unknown): void {
    stop();
    const fault = describeError(error);
    // Retried at every check: logged once per error, not per attempt.
    if (fault !== lastFault)
      log.warn('cannot watch CNI results directory', { directory, error: fault, hint: HINT });
    lastFault = fault;
  }

  return {
    start() {
      stop();
      try {
        unwatch = files.watch(directory, noticed, lost);
        lastFault = '';
      } catch (error) {
        lost(error);
      }
    },
    stop,
    active: () => unwatch !== undefined,
  };
}
