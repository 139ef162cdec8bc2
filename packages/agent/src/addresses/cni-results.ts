import type { Clock, Log } from '@rolegate/runtime';
import { createChanges } from '@rolegate/runtime';
import type { AddressClaimsDeps } from './address-claims.ts';
import { createAddressOwners } from './address-owners.ts';
import type { AddressOwners } from './address-owners.ts';
import { createCniDirectory } from './cni-files/cni-directory.ts';
import type { CniDirectory, CniDirectoryDeps, DirectoryState } from './cni-files/cni-directory.ts';
import type { SavedResults } from './saved-claims.ts';
import { createResultRecorder } from './result-recorder.ts';
import type { ResultRecorder } from './result-recorder.ts';
import { createResultTap } from './result-tap.ts';
import type { ResultTap } from './result-tap.ts';
import { systemFiles } from './cni-files/result-files.ts';
import type { ResultFiles } from './cni-files/result-files.ts';

/** How often the directories are checked for replacement. Milliseconds. */
const CHECK_MS = 1_000;
/** How often every file is checked, in case a watch missed a change. Milliseconds. */
const RESCAN_MS = 30_000;
/** How often a directory that cannot be watched is scanned: well within an SDK's timeout. Milliseconds. */
const UNWATCHED_MS = 200;

export interface CniResultsDeps extends Pick<AddressClaimsDeps, 'memory' | 'isNamed'> {
  /** Where libcni keeps its results, such as `/var/lib/cni/results`. */
  readonly directories: readonly string[];
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: { readonly badCniResult: () => void };
  /** Defaults to the machine's file system. */
  readonly files?: ResultFiles;
  /** What a previous process knew. */
  readonly kept?: SavedResults | undefined;
  /** Called synchronously when a Pod loses an address. */
  readonly released?: (() => void) | undefined;
}

export interface CniResults extends Pick<
  AddressOwners,
  'owner' | 'unreadableAt' | 'says' | 'uids' | 'names' | 'ips' | 'kept'
> {
  /** Reads and watches until the signal aborts. Never rejects. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  /** Resolves when the directories have been read for the first time. */
  readonly ready: Promise<void>;
  /** True from then on, except while the results are unknown again (`awaited`). */
  readonly scanned: boolean;
  /** True if at least one directory can be read. */
  readonly usable: () => boolean;
  readonly states: () => Readonly<Record<string, DirectoryState>>;
  /** The returned function removes the listener. */
  readonly onChange: (listener: () => void) => () => void;
  /** Set while it cannot be known who owns an address: what is awaited. */
  readonly awaited?: string | undefined;
}

/** CNI results that are read by this process and can be passed on. */
export interface ReadCniResults extends CniResults {
  readonly tap: ResultTap;
}

/** Which Pod owns an IP on this node, as recorded by the container runtime before it started the Pod's containers. */
export function createCniResults(deps: CniResultsDeps): ReadCniResults {
  const { directories, clock, log, metrics, files = systemFiles, kept, released, memory, isNamed } = deps;
  const owners = createAddressOwners({ released, isComplete, memory, isNamed });
  if (kept !== undefined) owners.restore(kept);
  const changes = createChanges({ log, of: 'CNI results' });
  const { tell, tellFile, ...tap } = createResultTap({ owners, states, log });
  const nextTurn = createTurns();
  const recorder = createResultRecorder({
    owners,
    tap: { tell, tellFile },
    nextTurn,
    changed: changes.notify,
    metrics,
    log,
  });
  const found = { ...recorder, learned: owners.learn, nextTurn, changed };
  const watched = directories.map((directory) => watchOne({ ...found, directory, files, clock, log }));
  const ready = Promise.withResolvers<undefined>();
  let scanned = false;

  function isComplete(directory: string): boolean {
    return watched[directories.indexOf(directory)]?.state === 'ok';
  }

  function states(): Readonly<Record<string, DirectoryState>> {
    return Object.fromEntries(watched.map(({ state }, at) => [directories[at] ?? '', state]));
  }

  function changed(): void {
    tell({ kind: 'directories', states: states() });
    changes.notify();
  }

  return {
    ...owners,
    async run(signal) {
      // Scanned as one: their files are then ordered only by creation time.
      const first = { full: true, turn: nextTurn() };
      await Promise.all(watched.map((directory) => directory.check(first)));
      scanned = true;
      changes.notify();
      ready.resolve(undefined);
      await keepLooking(watched, clock, signal);
    },
    ready: ready.promise,
    get scanned() {
      return scanned;
    },
    usable: () => watched.some(({ state }) => state === 'ok'),
    states,
    onChange: changes.on,
    tap,
  };
}

function watchOne(deps: Omit<CniDirectoryDeps, 'surveyed'> & Pick<ResultRecorder, 'surveyed'>): CniDirectory {
  const surveyed = (paths: ReadonlySet<string>) => {
    deps.surveyed(deps.directory, paths);
  };
  return createCniDirectory({ ...deps, surveyed });
}

/** Checks the directories until the signal aborts, then closes them. */
async function keepLooking(
  directories: readonly CniDirectory[],
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  let rescannedMs = clock.monotonic();
  for (;;) {
    await clock.sleep(directories.every(isWatched) ? CHECK_MS : UNWATCHED_MS, signal);
    if (signal.aborted) break;
    const full = clock.monotonic() - rescannedMs >= RESCAN_MS;
    if (full) rescannedMs = clock.monotonic();
    await Promise.all(directories.map((directory) => directory.check({ full })));
  }
  for (const directory of directories) directory.close();
}

/** A missing directory needs no frequent checks. */
function isWatched({ state, watched }: CniDirectory): boolean {
  return watched || state !== 'ok';
}

function createTurns(): () => number {
  let turn = 0;
  return () => {
    turn += 1;
    return turn;
  };
}
