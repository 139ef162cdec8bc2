import type { Clock, Log } from '@rolegate/runtime';
import { createChanges } from '@rolegate/runtime';
import type { AddressClaimsDeps } from './address-claims.ts';
import { createAddressOwners } from './address-owners.ts';
import type { AddressOwners, KeptResults } from './address-owners.ts';
import { directoryOf } from './claim.ts';
import { createCniDirectory } from './cni-files/cni-directory.ts';
import type { CniDirectory, DirectoryState } from './cni-files/cni-directory.ts';
import type { CniResult } from './cni-files/cni-result.ts';
import { createResultTap } from './result-tap.ts';
import type { ResultTap } from './result-tap.ts';
import { systemFiles } from './cni-files/result-files.ts';
import type { ResultFiles, Stamp } from './cni-files/result-files.ts';

/** How often it is seen whether the directories are still the same ones. Milliseconds. */
const CHECK_MS = 1_000;
/** How often every file is looked at, in case a watch missed something. Milliseconds. */
const RESCAN_MS = 30_000;
/** How often a directory is looked through that cannot be watched: well within an SDK's patience. Milliseconds. */
const UNWATCHED_MS = 200;

export interface CniResultsDeps extends Pick<AddressClaimsDeps, 'memory' | 'isNamed'> {
  /** Where libcni keeps its results, e.g. `/var/lib/cni/results`. */
  readonly directories: readonly string[];
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: { readonly badCniResult: () => void };
  /** The machine's own by default. */
  readonly files?: ResultFiles;
  /** What a previous process knew. */
  readonly kept?: KeptResults | undefined;
  /** Called at once when a Pod loses an address. */
  readonly released?: (() => void) | undefined;
}

export interface CniResults extends Pick<
  AddressOwners,
  'owner' | 'unreadableAt' | 'says' | 'uids' | 'names' | 'ips' | 'kept'
> {
  /** Reads and watches until the signal aborts. Never rejects. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  /** Resolves when the directories were read for the first time. */
  readonly ready: Promise<void>;
  /** True from then on, but for times in which they are not known any more (`awaited`). */
  readonly scanned: boolean;
  /** True if at least one directory can be read. */
  readonly usable: () => boolean;
  readonly states: () => Readonly<Record<string, DirectoryState>>;
  /** The returned function ends the listening. */
  readonly onChange: (listener: () => void) => () => void;
  /** Set while nobody can know who owns an address: what is waited for. */
  readonly awaited?: string | undefined;
}

/** CNI results that are read here, and can be handed on. */
export interface ReadCniResults extends CniResults {
  readonly tap: ResultTap;
}

/** Who owns an IP on this node: what the container runtime wrote down before it started the Pod's containers. */
export function createCniResults(deps: CniResultsDeps): ReadCniResults {
  const { directories, clock, log, metrics, files = systemFiles, kept, released } = deps;
  const { memory, isNamed } = deps;
  const owners = createAddressOwners({ released, isComplete, memory, isNamed });
  if (kept !== undefined) owners.restore(kept);
  const changes = createChanges({ log, of: 'CNI results' });
  const { tell, tellFile, ...tap } = createResultTap({ owners, states, log });
  const ready = Promise.withResolvers<undefined>();
  let turn = 0;
  let scanned = false;
  const watched = directories.map((directory) =>
    createCniDirectory({
      directory,
      files,
      clock,
      log,
      nextTurn,
      learned: owners.learn,
      take,
      free,
      forget,
      unreadable,
      report,
      surveyed: (paths) => {
        surveyed(directory, paths);
      },
      changed,
    }),
  );

  function isComplete(directory: string): boolean {
    return watched[directories.indexOf(directory)]?.state === 'ok';
  }

  function nextTurn(): number {
    turn += 1;
    return turn;
  }

  function states(): Readonly<Record<string, DirectoryState>> {
    return Object.fromEntries(watched.map(({ state }, at) => [directories[at] ?? '', state]));
  }

  function changed(): void {
    tell({ kind: 'directories', states: states() });
    changes.notify();
  }

  function take(path: string, result: CniResult, { mtimeNs, createdNs }: Stamp): void {
    const losers = owners.set(path, { result, mtimeNs, createdNs }, { turn: nextTurn(), createdNs });
    // The losers first: at no time do two files own one address.
    losers.forEach(tellFile);
    // It may have been a Pod's before.
    if (!tellFile(path)) tell({ kind: 'freed', file: path });
    changes.notify();
  }

  function unreadable(path: string, anything: boolean): void {
    owners.unreadable(path, anything, { turn: nextTurn(), createdNs: 0n });
    tellFile(path);
    changes.notify();
  }

  function free(path: string): void {
    if (!owners.free(path)) return;
    tell({ kind: 'freed', file: path });
    changes.notify();
  }

  function forget(path: string): void {
    if (!owners.forget(path)) return;
    tell({ kind: 'removed', file: path });
    changes.notify();
  }

  function report(path: string, fault: string): void {
    const hint =
      'addresses that it may name are answered as unknown, unless a Pod has one by a newer result or by status';
    log.warn('CNI result cannot be read', { file: path, error: fault, hint });
    metrics.badCniResult();
  }

  /** Files that were known before and are not there any more were removed while nobody looked. */
  function surveyed(directory: string, paths: ReadonlySet<string>): void {
    const unknown = owners.all().flatMap(({ key, state }) => (state === 'unknown' ? [key] : []));
    for (const file of [...unknown, ...owners.unread().keys()])
      if (directoryOf(file) === directory && !paths.has(file)) free(file);
  }

  async function check(full: boolean): Promise<void> {
    await Promise.all(watched.map((directory) => directory.check({ full })));
  }

  async function run(signal: AbortSignal): Promise<void> {
    const first = { full: true, turn: nextTurn() };
    await Promise.all(watched.map((directory) => directory.check(first)));
    scanned = true;
    changes.notify();
    ready.resolve(undefined);
    let rescannedMs = clock.monotonic();
    for (;;) {
      await clock.sleep(watched.every(isWatched) ? CHECK_MS : UNWATCHED_MS, signal);
      if (signal.aborted) break;
      const full = clock.monotonic() - rescannedMs >= RESCAN_MS;
      if (full) rescannedMs = clock.monotonic();
      await check(full);
    }
    for (const directory of watched) directory.close();
  }

  return {
    ...owners,
    run,
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

/** One that is not there need not be looked for so often. */
function isWatched({ state, watched }: CniDirectory): boolean {
  return watched || state !== 'ok';
}
