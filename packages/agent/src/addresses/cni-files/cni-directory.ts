import { describeError } from '@rolegate/runtime';
import type { Log } from '@rolegate/runtime';
import { createDirectoryFiles } from './directory-files.ts';
import type { DirectoryFilesDeps } from './directory-files.ts';
import { createDirectoryWatch } from './directory-watch.ts';
import { errorCode } from './result-files.ts';

const HINT = 'Check --cni-cache-dir, the mount of the directory and its permissions.';

export type DirectoryState = 'missing' | 'unreadable' | 'ok';

export interface CniDirectoryDeps extends Omit<DirectoryFilesDeps, 'isSame'> {
  readonly log: Log;
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
    // Watched before it is listed: what comes in between is then seen twice, not never.
    watch.start();
    // Of another directory under the same name nothing that was known is said to be released.
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

/** A slow look must not undo what a later one found. */
function oneAtATime<Argument>(step: (argument: Argument) => Promise<void>) {
  let last = Promise.resolve();
  return (argument: Argument): Promise<void> => {
    last = last.then(() => step(argument));
    return last;
  };
}

interface FoundIdentity {
  readonly identity: string;
  /** `another`: in the place of the one that was there at the last look. */
  readonly is: 'same' | 'first' | 'another';
  /** What it has was not known until now, though nothing else has been in its place. */
  readonly isUnsurveyed: boolean;
}

/** Whether a directory is the one that it was. */
function createIdentity(read: () => Promise<string>) {
  let current: string | undefined;
  /** Of the last time that it could be read. */
  let last: string | undefined;

  return {
    isSame: async () => (await read().catch(() => undefined)) === current,
    /** Rejects if there is none that can be read. */
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

/** Logs each change of the state, and tells of it. */
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
      if (next === 'unreadable') log.warn('CNI results directory unreadable', { ...fields, hint: HINT });
      else log.info('CNI results directory state changed', fields);
      changed();
    },
  };
}
