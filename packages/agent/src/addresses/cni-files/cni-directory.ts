import { describeError } from '@rolegate/runtime';
import type { Log } from '@rolegate/runtime';
import { createDirectoryFiles } from './directory-files.ts';
import type { DirectoryFilesDeps } from './directory-files.ts';
import { createDirectoryWatch } from './directory-watch.ts';
import { errorCode } from './result-files.ts';

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
  const content = createDirectoryFiles({ ...deps, isSame });
  const watch = createDirectoryWatch({ ...deps, noticed });
  let identity: string | undefined;
  /** Of the last time that it could be read. */
  let lastIdentity: string | undefined;
  let closed = false;
  let lastCheck = Promise.resolve();

  async function isSame(): Promise<boolean> {
    return (await files.identity(directory).catch(() => undefined)) === identity;
  }

  function noticed(name: string | undefined): void {
    if (name === undefined) void check({ full: true });
    else content.noticed(name);
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
      const again = found !== identity || !watch.active();
      const isUnsurveyed = identity === undefined && (lastIdentity ?? found) === found;
      if (again) enter(found);
      const paths = again || full ? await content.scan(turn) : undefined;
      if (isUnsurveyed && paths !== undefined) deps.surveyed(paths);
      state.enter('ok');
    } catch (error) {
      leave(error);
    }
  }

  function enter(found: string): void {
    // Watched before it is listed: what comes in between is then seen twice, not never.
    watch.start();
    // Of another directory under the same name nothing that was known is said to be released.
    if (identity !== undefined && found !== identity) {
      content.forgetAll();
      state.enter('missing');
    }
    identity = lastIdentity = found;
  }

  function leave(error: unknown): void {
    watch.stop();
    identity = undefined;
    content.forgetAll();
    state.enter(errorCode(error) === 'ENOENT' ? 'missing' : 'unreadable', error);
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
      if (next === 'unreadable') log.warn('CNI results directory', fields);
      else log.info('CNI results directory', fields);
      changed();
    },
  };
}
