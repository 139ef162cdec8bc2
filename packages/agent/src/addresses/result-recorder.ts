import type { Log } from '@rolegate/runtime';
import type { AddressOwners } from './address-owners.ts';
import { directoryOf } from './claim.ts';
import type { CniDirectoryDeps } from './cni-files/cni-directory.ts';
import type { createResultTap } from './result-tap.ts';

/** The callbacks of a directory scan. */
export interface ResultRecorder extends Pick<
  CniDirectoryDeps,
  'take' | 'unreadable' | 'free' | 'forget' | 'report'
> {
  /** Files of the directory that were known before and are not in `paths` were removed in the meantime. */
  readonly surveyed: (directory: string, paths: ReadonlySet<string>) => void;
}

export interface ResultRecorderDeps {
  readonly owners: AddressOwners;
  readonly tap: Pick<ReturnType<typeof createResultTap>, 'tell' | 'tellFile'>;
  readonly nextTurn: () => number;
  /** The content of the results may have changed. */
  readonly changed: () => void;
  readonly metrics: { readonly badCniResult: () => void };
  readonly log: Log;
}

/** Records the owner of each address by the result files, and passes changes on. */
export function createResultRecorder(deps: ResultRecorderDeps): ResultRecorder {
  const { owners, tap, nextTurn, changed, metrics, log } = deps;

  function free(path: string): void {
    if (!owners.free(path)) return;
    tap.tell({ kind: 'freed', file: path });
    changed();
  }

  return {
    take(path, result, { mtimeNs, createdNs }) {
      const losers = owners.set(path, { result, mtimeNs, createdNs }, { turn: nextTurn(), createdNs });
      // The losers first, so that two files never own one address.
      losers.forEach(tap.tellFile);
      // It may have been a Pod's before.
      if (!tap.tellFile(path)) tap.tell({ kind: 'freed', file: path });
      changed();
    },
    unreadable(path, anything) {
      owners.unreadable(path, anything, { turn: nextTurn(), createdNs: 0n });
      tap.tellFile(path);
      changed();
    },
    free,
    forget(path) {
      if (!owners.forget(path)) return;
      tap.tell({ kind: 'removed', file: path });
      changed();
    },
    report(path, fault) {
      const hint =
        'A Pod whose address is only in this file gets no credentials until its status has the address. Remove the file if the Pod no longer exists.';
      log.warn('cannot read CNI result', { file: path, error: fault, hint });
      metrics.badCniResult();
    },
    surveyed(directory, paths) {
      const unknown = owners.all().flatMap(({ key, state }) => (state === 'unknown' ? [key] : []));
      for (const file of [...unknown, ...owners.unread().keys()])
        if (directoryOf(file) === directory && !paths.has(file)) free(file);
    },
  };
}
