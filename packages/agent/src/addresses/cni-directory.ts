import { describeError } from '@rolegate/runtime';
import type { Log } from '@rolegate/runtime';
import { createFileReader } from './file-reader.ts';
import type { FileReaderDeps } from './file-reader.ts';
import { errorCode } from './result-files.ts';
import type { Stamp } from './result-files.ts';

/** Far more than a node's Pods (2 files each) and the left-overs of crashes; beyond it only the newest are read. */
const MOST_FILES = 4_096;
/** Files looked at side by side in a scan: libuv has 4 threads. */
const SIDE_BY_SIDE = 16;

export type DirectoryState = 'missing' | 'unreadable' | 'ok';

export interface CniDirectoryDeps extends FileReaderDeps {
  readonly log: Log;
  /** The state is another one. */
  readonly changed: () => void;
}

export interface CniDirectory {
  readonly state: DirectoryState;
  /** False: changes are only found by looking (`check`). */
  readonly watched: boolean;
  /** Finds out whether the directory is there and still the same; `full`: looks at every file too. Never rejects. */
  readonly check: (full: boolean) => Promise<void>;
  readonly close: () => void;
}

/** One directory of result files: watched, and looked through now and then because a watch can miss things. */
export function createCniDirectory(deps: CniDirectoryDeps): CniDirectory {
  const { directory, files, log } = deps;
  const reader = createFileReader(deps);
  let state: DirectoryState | undefined;
  let identity: string | undefined;
  let unwatch: (() => void) | undefined;
  let watchFault = '';
  let crowded = false;
  let closed = false;
  let lastCheck = Promise.resolve();

  function enter(next: DirectoryState, error?: unknown): void {
    if (next === state) return;
    state = next;
    const fields = { directory, state, ...(error !== undefined && { error: describeError(error) }) };
    if (next === 'unreadable') log.warn('CNI results directory', fields);
    else log.info('CNI results directory', fields);
    deps.changed();
  }

  function leave(error: unknown): void {
    stopWatch();
    identity = undefined;
    reader.forgetAll();
    enter(errorCode(error) === 'ENOENT' ? 'missing' : 'unreadable', error);
  }

  function stopWatch(): void {
    unwatch?.();
    unwatch = undefined;
  }

  function startWatch(): void {
    stopWatch();
    try {
      unwatch = files.watch(directory, noticed, watchLost);
      watchFault = '';
    } catch (error) {
      watchLost(error);
    }
  }

  function watchLost(error: unknown): void {
    stopWatch();
    const fault = describeError(error);
    // Tried again at every look: one line per fault, not per trial.
    if (fault !== watchFault) log.warn('CNI results directory is not watched', { directory, error: fault });
    watchFault = fault;
  }

  function noticed(name: string | undefined): void {
    if (name === undefined) void check(true);
    else void reader.noticed(name);
  }

  /** One at a time: a slow look must not undo what a later one found. */
  function check(full: boolean): Promise<void> {
    lastCheck = lastCheck.then(() => checkOnce(full));
    return lastCheck;
  }

  async function checkOnce(full: boolean): Promise<void> {
    if (closed) return;
    try {
      const found = await files.identity(directory);
      const again = found !== identity || unwatch === undefined;
      if (again) {
        // Watched before it is listed: what comes in between is then seen twice, not never.
        startWatch();
        // Of another directory under the same name nothing that was known is said to be given back.
        if (identity !== undefined && found !== identity) reader.forgetAll();
        identity = found;
      }
      if (again || full) await scan();
      enter('ok');
    } catch (error) {
      leave(error);
    }
  }

  async function scan(): Promise<void> {
    const known = reader.known();
    const listed = await files.list(directory);
    const read = listed.length > MOST_FILES ? await newest(listed) : listed;
    tellCrowded(listed.length);
    const wanted = new Set(read);
    const present = new Set(listed);
    for (const name of known) if (present.has(name) && !wanted.has(name)) reader.forget(name);
    // What the list does not name is looked at too: it may have come back since.
    await inBatches([...new Set([...read, ...known.filter((name) => !present.has(name))])], reader.look);
  }

  async function newest(names: readonly string[]): Promise<readonly string[]> {
    const stamps: (readonly [name: string, stamp: Stamp])[] = [];
    await inBatches(names, async (name) => {
      const stamp = await files.stamp(`${directory}/${name}`);
      if (stamp !== undefined) stamps.push([name, stamp]);
    });
    stamps.sort(([, a], [, b]) => (a.mtimeNs < b.mtimeNs ? 1 : -1));
    return stamps.slice(0, MOST_FILES).map(([name]) => name);
  }

  function tellCrowded(count: number): void {
    if (count > MOST_FILES && !crowded)
      log.warn('CNI results directory has too many files', { directory, count });
    crowded = count > MOST_FILES;
  }

  return {
    get state() {
      return state ?? 'missing';
    },
    get watched() {
      return unwatch !== undefined;
    },
    check,
    close() {
      closed = true;
      stopWatch();
      reader.forgetAll();
    },
  };
}

async function inBatches(names: readonly string[], visit: (name: string) => Promise<void>): Promise<void> {
  for (let start = 0; start < names.length; start += SIDE_BY_SIDE) {
    await Promise.all(names.slice(start, start + SIDE_BY_SIDE).map(visit));
  }
}
