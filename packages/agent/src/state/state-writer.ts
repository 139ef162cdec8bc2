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

/** Keeps the file as the state is. What fails is told once, and tried again. */
export function createStateWriter({ directory, state, clock, log }: StateWriterDeps): StateWriter {
  const turns = createTokenBucket({ ratePerSecond: 1, burst: BURST, clock });
  /** Its header; '' where the file is not as the state was. */
  let written = '';
  let gone = false;
  let failing = false;
  let closed = false;
  let due = false;
  let cancel: (() => void) | undefined;

  function attempt(step: () => void): void {
    try {
      step();
      if (failing) log.info('state is written again', { file: directory.file });
      failing = false;
    } catch (error) {
      if (!failing) log.warn('state is not written', { file: directory.file, error: describeError(error) });
      failing = true;
      written = '';
      later(AGAIN_MS);
    }
  }

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
    attempt(() => {
      const file = fileOf(state());
      const header = headerOf(file);
      if (header === written) return;
      directory.write(file);
      written = header;
      gone = false;
    });
  }

  function remove(): void {
    written = '';
    try {
      directory.remove();
      gone = true;
    } catch {
      // The write that follows takes its place, or tells why not.
    }
  }

  return {
    added() {
      later(SOON_MS);
    },
    withdrawn() {
      if (!gone) remove();
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
