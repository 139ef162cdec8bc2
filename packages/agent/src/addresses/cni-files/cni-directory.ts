import { describeError } from '@rolegate/runtime';
import type { Log } from '@rolegate/runtime';
import type { Learned } from '../claim.ts';
import { createFileReader } from './file-reader.ts';
import type { FileReaderDeps } from './file-reader.ts';
import { errorCode } from './result-files.ts';

/** Far more than a node's Pods (2 files each) and the leftovers of crashes; beyond it only the newest are read. */
const MOST_FILES = 4_096;
/** Stands for a time that cannot be read: such a file may be the newest. Nanoseconds. */
const AFTER_ALL_NS = 2n ** 63n;
/** Files looked at side by side in a scan: libuv has 4 threads. */
const SIDE_BY_SIDE = 16;

export type DirectoryState = 'missing' | 'unreadable' | 'ok';

export interface CniDirectoryDeps extends Omit<FileReaderDeps, 'isSame'> {
  readonly log: Log;
  /** A number that is higher each time. */
  readonly nextTurn: () => number;
  /** A file is seen for the first time. Those that one look found have one turn. */
  readonly learned: (path: string, learned: Learned) => void;
  /** After the first look, and the first after the directory could not be read: all files that it has. */
  readonly surveyed: (paths: ReadonlySet<string>) => void;
  /** The state changed. */
  readonly changed: () => void;
}

export interface Look {
  readonly full: boolean;
  /** Set if several directories are looked at as one: when they were created alone tells which of their files came first. */
  readonly turn?: number;
}

export interface CniDirectory {
  /** `ok` once all files have been looked at. */
  readonly state: DirectoryState;
  /** False: changes are only found by looking (`check`). */
  readonly watched: boolean;
  /** Finds out whether the directory is there and still the same; `full`: looks at every file too. Never rejects. */
  readonly check: (look: Look) => Promise<void>;
  readonly close: () => void;
}

/** One directory of result files: watched, and looked through now and then because a watch can miss things. */
export function createCniDirectory(deps: CniDirectoryDeps): CniDirectory {
  const { directory, files, log } = deps;
  const reader = createFileReader({ ...deps, isSame });
  let state: DirectoryState | undefined;
  let identity: string | undefined;
  /** Of the last time that it could be read. */
  let lastIdentity: string | undefined;
  let unwatch: (() => void) | undefined;
  let watchFault = '';
  let crowded = false;
  let closed = false;
  /** Files that come while a look settles in which order others did. */
  let postponed: Set<string> | undefined;
  let lastCheck = Promise.resolve();

  function enter(next: DirectoryState, error?: unknown): void {
    if (next === state) return;
    state = next;
    const fields = { directory, state, ...(error !== undefined && { error: describeError(error) }) };
    if (next === 'unreadable') log.warn('CNI results directory', fields);
    else log.info('CNI results directory', fields);
    deps.changed();
  }

  async function isSame(): Promise<boolean> {
    return (await files.identity(directory).catch(() => undefined)) === identity;
  }

  function leave(error: unknown): void {
    stopWatch();
    identity = undefined;
    reader.forgetAll();
    enter(errorCode(error) === 'ENOENT' ? 'missing' : 'unreadable', error);
  }

  /** Of another directory under the same name nothing that was known is said to be released. */
  function replaced(): void {
    reader.forgetAll();
    enter('missing');
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
    if (name === undefined) {
      void check({ full: true });
      return;
    }
    if (!reader.knows(name) && postponed?.add(name) !== undefined) return;
    learn(name, { turn: deps.nextTurn(), createdNs: 0n });
    void reader.noticed(name);
  }

  function learn(name: string, when: Learned): void {
    if (reader.knows(name)) return;
    deps.learned(pathOf(name), when);
    reader.expect(name);
  }

  /** One at a time: a slow look must not undo what a later one found. */
  function check(look: Look): Promise<void> {
    lastCheck = lastCheck.then(() => checkOnce(look));
    return lastCheck;
  }

  async function checkOnce({ full, turn }: Look): Promise<void> {
    if (closed) return;
    try {
      const found = await files.identity(directory);
      const again = found !== identity || unwatch === undefined;
      const isUnsurveyed = identity === undefined && (lastIdentity ?? found) === found;
      if (again) {
        // Watched before it is listed: what comes in between is then seen twice, not never.
        startWatch();
        if (identity !== undefined && found !== identity) replaced();
        identity = lastIdentity = found;
      }
      if (again || full) await scan(turn, isUnsurveyed);
      enter('ok');
    } catch (error) {
      leave(error);
    }
  }

  async function scan(turn: number | undefined, isUnsurveyed: boolean): Promise<void> {
    const known = reader.known();
    const { listed, read } = await survey(turn);
    tellCrowded(listed.length);
    const wanted = new Set(read);
    const present = new Set(listed);
    for (const name of known) if (present.has(name) && !wanted.has(name)) reader.forget(name);
    // What the list does not name is looked at too: it may have come back since.
    await inBatches([...new Set([...read, ...known.filter((name) => !present.has(name))])], reader.look);
    if (isUnsurveyed) deps.surveyed(new Set(listed.map(pathOf)));
  }

  /** Settles in which order the files came before any is read. `read`: those that are to be, all or the newest of too many. */
  async function survey(
    given: number | undefined,
  ): Promise<{ readonly listed: readonly string[]; readonly read: readonly string[] }> {
    postponed = new Set();
    const turn = given ?? deps.nextTurn();
    try {
      const listed = await files.list(directory);
      const tooMany = listed.length > MOST_FILES;
      const stamps = await stampsOf(tooMany ? listed : listed.filter((name) => !reader.knows(name)));
      stamps.sort(([, a], [, b]) => (a < b ? 1 : -1));
      const newest = stamps.slice(0, MOST_FILES);
      for (const [name, createdNs] of newest) learn(name, { turn, createdNs });
      return { listed, read: tooMany ? newest.map(([name]) => name) : listed };
    } finally {
      const names = postponed;
      postponed = undefined;
      names.forEach(noticed);
    }
  }

  async function stampsOf(names: readonly string[]): Promise<[name: string, createdNs: bigint][]> {
    const stamps: [name: string, createdNs: bigint][] = [];
    await inBatches(names, async (name) => {
      const unknown = { createdNs: AFTER_ALL_NS };
      const stamp = await files.stamp(pathOf(name)).catch(() => unknown);
      if (stamp !== undefined) stamps.push([name, stamp.createdNs]);
    });
    return stamps;
  }

  function pathOf(name: string): string {
    return `${directory}/${name}`;
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
