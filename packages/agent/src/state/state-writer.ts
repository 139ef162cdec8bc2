import { createTokenBucket, describeError } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';
import { fileOf, headerOf } from './file-format.ts';
import type { StateDirectory } from './state-directory.ts';

/** Changes within this time are written together. Milliseconds. */
const SOON_MS = 200;
/** Pause after a failed write. Milliseconds. */
const AGAIN_MS = 5_000;
/** Immediate writes after a rest; a storm of changes causes one per second. */
const BURST = 10;

const HINT =
  'A restart loses the saved state while this fails. Check that --state-dir is writable and has space left.';

export interface StateWriter {
  /** Something was added: it is written soon. */
  readonly added: () => void;
  /**
   * Something was replaced or removed. The file is removed before this returns, so that no crash can restore it. The new state
   * is written before the next turn of the event loop, or in a storm within a second.
   */
  readonly withdrawn: () => void;
  /** Writes now if the state changed. */
  readonly write: () => void;
  /** From now on additions are not written. */
  readonly close: () => void;
}

export interface StateWriterDeps {
  readonly directory: Pick<StateDirectory, 'file' | 'write' | 'remove'>;
  /** The current state. */
  readonly state: () => string;
  readonly clock: Pick<Clock, 'schedule' | 'monotonic'>;
  readonly log: Log;
}

/** Keeps the file up to date. A failure is logged once and retried. */
export function createStateWriter({ directory, state, clock, log }: StateWriterDeps): StateWriter {
  const turns = createTokenBucket({ ratePerSecond: 1, burst: BURST, clock });
  const file = createStateFile(directory, log);
  let closed = false;
  let due = false;
  let cancel: (() => void) | undefined;

  function later(ms: number): void {
    if (closed) return;
    cancel ??= clock.schedule(ms, writeInTurn);
  }

  function writeInTurn(): void {
    cancel?.();
    cancel = undefined;
    if (turns.left() === 0 && !closed) {
      later(turns.nextInMs());
      return;
    }
    turns.take();
    write();
  }

  function write(): void {
    cancel?.();
    cancel = undefined;
    if (!file.write(state)) later(AGAIN_MS);
  }

  return {
    added() {
      later(SOON_MS);
    },
    withdrawn() {
      file.remove();
      if (due) return;
      due = true;
      setImmediate(() => {
        due = false;
        writeInTurn();
      });
    },
    write,
    close() {
      closed = true;
      cancel?.();
    },
  };
}

/** The content of the file, and whether it can be written. */
function createStateFile(directory: StateWriterDeps['directory'], log: Log) {
  /** The header of the current file; '' if the file is outdated. */
  let written = '';
  let gone = false;
  let failing = false;

  return {
    /** Writes if the state changed. False: failed. */
    write(state: () => string): boolean {
      try {
        const content = fileOf(state());
        const header = headerOf(content);
        if (header !== written) {
          directory.write(content);
          written = header;
          gone = false;
        }
        if (failing) log.info('state write recovered', { file: directory.file });
        failing = false;
      } catch (error) {
        if (!failing)
          log.warn('state write failed', { file: directory.file, error: describeError(error), hint: HINT });
        failing = true;
        written = '';
      }
      return !failing;
    },
    remove(): void {
      if (gone) return;
      written = '';
      try {
        directory.remove();
        gone = true;
      } catch {
        // The following write replaces the file, or reports why it cannot.
      }
    },
  };
}
