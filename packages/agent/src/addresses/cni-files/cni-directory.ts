import { describeError } from '@rolegate/runtime';
import type { Log } from '@rolegate/runtime';
import { createDirectoryFiles } from './directory-files.ts';
import type { DirectoryFilesDeps } from './directory-files.ts';
import { createDirectoryWatch } from './directory-watch.ts';
import { errorCode } from './result-files.ts';

const HINT = 'Check --cni-cache-dir, and the mount and permissions of the directory.';

export type DirectoryState = 'missing' | 'unreadable' | 'ok';

export interface CniDirectoryDeps extends Omit<DirectoryFilesDeps, 'isSame'> {
  readonly log: Log;
  /** Called after the first complete scan, and after the first one since the directory was unreadable, with all its files. */
  readonly surveyed: (paths: ReadonlySet<string>) => void;
  /** Called when the state changes. */
  readonly changed: () => void;
}

export interface Look {
  readonly full: boolean;
  /** Set if several directories are scanned as one: their files are then ordered only by creation time. */
  readonly turn?: number;
}

export interface CniDirectory {
  /** `ok` once all files have been read. */
  readonly state: DirectoryState;
  /** False: changes are found only by polling (`check`). */
  readonly watched: boolean;
  /** Checks that the directory exists and is still the same. `full`: also checks every file. Never rejects. */
  readonly check: (look: Look) => Promise<void>;
  readonly close: () => void;
}

/** One directory of result files: watched, and rescanned periodically because a watch can miss changes. */
export function createCniDirectory(deps: CniDirectoryDeps): CniDirectory {
  const { directory, files } = deps;
  const state = createDirectoryState(deps);
  const identity = createIdentity(() => files.identity(directory));
  const content = createDirectoryFiles({ ...deps, isSame: identity.isSame });
  const watch = createDirectoryWatch({ ...deps, noticed });
  const check = oneAtATime(checkOnce);
  let closed = false;

  function noticed(name: string | undefined): void {
    if (name === undefined) void check({ full: true });
    else content.noticed(name);
  }

  async function checkOnce({ full, turn }: Look): Promise<void> {
    if (closed) return;
    try {
      const found = await identity.find();
      const again = found.is !== 'same' || !watch.active();
      if (again) enter(found);
      const paths = again || full ? await content.scan(turn) : undefined;
      if (found.isUnsurveyed && paths !== undefined) deps.surveyed(paths);
      state.enter('ok');
    } catch (error) {
      watch.stop();
      identity.leave();
      content.forgetAll();
      state.enter(errorCode(error) === 'ENOENT' ? 'missing' : 'unreadable', error);
    }
  }

  function enter(found: FoundIdentity): void {
    // The watch starts before the listing, so that a change in between is seen twice rather than never.
    watch.start();
    // If the directory was replaced, the files known before do not count as released.
    if (found.is === 'another') {
      content.forgetAll();
      state.enter('missing');
    }
    identity.enter(found);
  }

  return {
    get state() {
      return state.current();
    },
    get watched() {
      return watch.active();
    },
    check,
    close() {
      closed = true;
      watch.stop();
      content.forgetAll();
    },
  };
}

/** Runs the steps one after another, so that a slow check cannot undo what a later one found. */
function oneAtATime<Argument>(step: (argument: Argument) => Promise<void>) {
  let last = Promise.resolve();
  return (argument: Argument): Promise<void> => {
    last = last.then(() => step(argument));
    return last;
  };
}

interface FoundIdentity {
  readonly identity: string;
  /** `another`: the directory was replaced since the last check. */
  readonly is: 'same' | 'first' | 'another';
  /** Its content is not known yet, although the directory was not replaced. */
  readonly isUnsurveyed: boolean;
}

/** Tracks whether a directory is still the same one. */
function createIdentity(read: () => Promise<string>) {
  let current: string | undefined;
  /** The identity when it was last readable. */
  let last: string | undefined;

  return {
    isSame: async () => (await read().catch(() => undefined)) === current,
    /** Rejects if the directory cannot be read. */
    async find(): Promise<FoundIdentity> {
      const identity = await read();
      const isUnsurveyed = current === undefined && (last ?? identity) === identity;
      if (identity === current) return { identity, is: 'same', isUnsurveyed };
      return { identity, is: current === undefined ? 'first' : 'another', isUnsurveyed };
    },
    enter({ identity }: FoundIdentity) {
      current = last = identity;
    },
    leave() {
      current = undefined;
    },
  };
}

/** Logs and reports each change of the state. */
function createDirectoryState({
  directory,
  log,
  changed,
}: Pick<CniDirectoryDeps, 'directory' | 'log' | 'changed'>) {
  let state: DirectoryState | undefined;
  return {
    current: () => state ?? 'missing',
    enter(next: DirectoryState, error?: unknown) {
      if (next === state) return;
      state = next;
      const fields = { directory, state, ...(error !== undefined && { error: describeError(error) }) };
      if (next === 'unreadable') log.warn('cannot read CNI results directory', { ...fields, hint: HINT });
      else if (next === 'missing') log.info('CNI results directory missing', fields);
      else log.info('CNI results directory readable', fields);
      changed();
    },
  };
}
