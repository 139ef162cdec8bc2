import { createTokenBucket, describeError } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';
import { fileOf, headerOf } from './file-format.ts';
import type { StateDirectory } from './state-directory.ts';

/** What comes together is written together. Milliseconds. */
const SOON_MS = 200;
/** After a write that failed. Milliseconds. */
const AGAIN_MS = 5_000;
/** Writes at once after a rest; in a storm of changes there is one a second. */
const BURST = 10;

const HINT =
  'Check that --state-dir is writable and has space left. Until then a restart loses the saved state.';

export interface StateWriter {
  /** Something was added: it is written soon. */
  readonly added: () => void;
  /**
   * Something was replaced or taken away. The file is gone when this returns, so no crash can bring it back; what is true now
   * is written before the event loop turns, or in a storm within a second.
   */
  readonly withdrawn: () => void;
  /** Now, if it says anything new. */
  readonly write: () => void;
  /** Nothing is written any more that only adds. */
  readonly close: () => void;
}

export interface StateWriterDeps {
  readonly directory: Pick<StateDirectory, 'file' | 'write' | 'remove'>;
  /** The state as it is now. */
  readonly state: () => string;
  readonly clock: Pick<Clock, 'schedule' | 'monotonic'>;
  readonly log: Log;
}

/** Keeps the file as the state is. What fails is logged once, and tried again. */
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

/** What the file says, and whether it can be written. */
function createStateFile(directory: StateWriterDeps['directory'], log: Log) {
  /** Its header; '' if the file is not as the state was. */
  let written = '';
  let gone = false;
  let failing = false;

  return {
    /** If it says anything new. False: that failed. */
    write(state: () => string): boolean {
      try {
        const content = fileOf(state());
        const header = headerOf(content);
        if (header !== written) {
          directory.write(content);
          written = header;
          gone = false;
        }
        if (failing) log.info('saving state recovered', { file: directory.file });
        failing = false;
      } catch (error) {
        if (!failing)
          log.warn('saving state failed', { file: directory.file, error: describeError(error), hint: HINT });
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
        // The write that follows takes its place, or tells why not.
      }
    },
  };
}
