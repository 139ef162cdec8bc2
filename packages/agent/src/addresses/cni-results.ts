import type { Clock, Log } from '@rolegate/runtime';
import { createChanges } from '@rolegate/runtime';
import type { KnownPod } from '../feed/known-pod.ts';
import { createCniDirectory } from './cni-directory.ts';
import type { CniDirectory, DirectoryState } from './cni-directory.ts';
import { parseCniResult } from './cni-result.ts';
import { createHeldIps } from './held-ips.ts';
import type { Holder } from './held-ips.ts';
import { createResultTap } from './result-tap.ts';
import type { ResultTap } from './result-tap.ts';
import { systemFiles } from './result-files.ts';
import type { ResultFile, ResultFiles } from './result-files.ts';

/** How often it is seen whether the directories are still the same ones. Milliseconds. */
const CHECK_MS = 1_000;
/** How often every file is looked at, in case a watch missed something. Milliseconds. */
const RESCAN_MS = 10_000;
/** How often a directory is looked through that cannot be watched: well within an SDK's patience. Milliseconds. */
const UNWATCHED_MS = 200;

export interface CniResultsDeps {
  /** Where libcni keeps its results, e.g. `/var/lib/cni/results`. */
  readonly directories: readonly string[];
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: { readonly badCniResult: () => void };
  /** The machine's own unless told. */
  readonly files?: ResultFiles;
}

export interface CniResults {
  /** Reads and watches until the signal aborts. Never rejects. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  /** Resolves when the directories were read for the first time. */
  readonly ready: Promise<void>;
  /** True from then on, but for times in which they are not known any more (`awaited`). */
  readonly scanned: boolean;
  /** The Pod that this canonical address was given to. */
  readonly holder: (ip: string) => Holder | undefined;
  /** True where at least one directory can be read. */
  readonly usable: () => boolean;
  /** The Pods that have results, as the runtime knows them. */
  readonly uids: () => readonly string[];
  /** True where a result is of this Pod, or was until the runtime removed it. */
  readonly names: (pod: Pick<KnownPod, 'uid' | 'runtimeUid' | 'namespace' | 'name'>) => boolean;
  readonly states: () => Readonly<Record<string, DirectoryState>>;
  /** The returned function ends the listening. */
  readonly onChange: (listener: () => void) => () => void;
  /** The addresses that are held. */
  readonly ips: () => readonly string[];
  /** Set while nobody can know who holds an address: what is waited for. */
  readonly awaited?: string | undefined;
}

/** CNI results that are read here, and can be handed on. */
export interface ReadCniResults extends CniResults {
  readonly tap: ResultTap;
}

/** Who holds an IP on this node: what the container runtime wrote down before it started the Pod's containers. */
export function createCniResults(deps: CniResultsDeps): ReadCniResults {
  const { directories, clock, log, metrics, files = systemFiles } = deps;
  const held = createHeldIps();
  const changes = createChanges({ log });
  const { tell, ...tap } = createResultTap({ held, states, log });
  const ready = Promise.withResolvers<undefined>();
  let scanned = false;
  const watched = directories.map((directory) =>
    createCniDirectory({
      directory,
      files,
      clock,
      log,
      take,
      free,
      forget,
      passOver,
      changed,
    }),
  );

  function states(): Readonly<Record<string, DirectoryState>> {
    return Object.fromEntries(watched.map(({ state }, at) => [directories[at] ?? '', state]));
  }

  function changed(): void {
    tell({ kind: 'directories', states: states() });
    changes.notify();
  }

  function take(path: string, { text, mtimeNs }: ResultFile & { readonly text: string }): string | undefined {
    const result = parseCniResult(text);
    if ('skip' in result) {
      if (result.broken) return result.skip;
      forget(path);
      return undefined;
    }
    held.set(path, result, mtimeNs);
    tell({ kind: 'result', file: path, result, mtimeNs });
    changes.notify();
    return undefined;
  }

  function free(path: string): void {
    if (!held.free(path)) return;
    tell({ kind: 'freed', file: path });
    changes.notify();
  }

  function forget(path: string): void {
    if (!held.remove(path)) return;
    tell({ kind: 'removed', file: path });
    changes.notify();
  }

  function passOver(path: string, fault: string): void {
    log.warn('CNI result passed over', { file: path, error: fault });
    metrics.badCniResult();
  }

  async function check(full: boolean): Promise<void> {
    await Promise.all(watched.map((directory) => directory.check(full)));
  }

  async function run(signal: AbortSignal): Promise<void> {
    await check(true);
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
    run,
    ready: ready.promise,
    get scanned() {
      return scanned;
    },
    holder: held.holder,
    usable: () => watched.some(({ state }) => state === 'ok'),
    uids: held.uids,
    names: held.names,
    states,
    onChange: changes.on,
    ips: held.ips,
    tap,
  };
}

/** One that is not there need not be looked for so often. */
function isWatched({ state, watched }: CniDirectory): boolean {
  return watched || state !== 'ok';
}
