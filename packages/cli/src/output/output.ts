import type { Environment } from '@rolegate/runtime';
import { createColors } from './colors.ts';
import type { Colors } from './colors.ts';

/** The width of lines that are not written to a terminal. Columns. */
const WIDTH_WITHOUT_TERMINAL = 120;
/** A narrower terminal is written to as if it were this wide. Columns. */
const LEAST_WIDTH = 40;

/** The parts of a standard stream that are used. */
export interface OutputStream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  /** False: the caller should wait for `drain`. */
  write(text: string): boolean;
  on(event: 'error', listener: (error: NodeJS.ErrnoException) => void): unknown;
  once(event: 'drain' | 'close', listener: () => void): unknown;
}

export interface Output {
  /** True if a person reads the output as it is written. */
  readonly isTerminal: boolean;
  /** Columns. */
  readonly width: number;
  readonly colors: Colors;
  /** Resolves when the reader can take more. Does nothing once the reader is gone. */
  print(text: string): Promise<void>;
  /** A line for the user beside the output, on stderr. */
  note(line: string): void;
  /** Shows how far a command is, on one line of a terminal. '' removes it. */
  progress(line: string): void;
  /** Aborts when the reader closes the pipe, as `head` does. */
  readonly closed: AbortSignal;
}

export interface OutputDeps {
  readonly stdout: OutputStream;
  readonly stderr: Pick<OutputStream, 'isTTY' | 'columns' | 'write' | 'on'>;
  readonly env: Environment;
}

/** Creates the output of a command. A closed pipe is not an error. */
export function createOutput({ stdout, stderr, env }: OutputDeps): Output {
  const closed = new AbortController();
  const isTerminal = stdout.isTTY === true;
  let shown = '';

  stdout.on('error', ({ code }) => {
    // EPIPE: the reader is gone. Whatever else it is, nobody can be told on this stream.
    closed.abort(code);
  });

  stderr.on('error', () => {
    // Notes are lost, as the user chose with `2>&1 | head`.
  });

  function progress(line: string): void {
    if (stderr.isTTY !== true || line === shown) return;
    const columns = Math.max(LEAST_WIDTH, stderr.columns ?? LEAST_WIDTH);
    shown = line;
    // Carriage return and "erase in line" (ECMA-48, EL).
    stderr.write(`\r\u001b[K${line.slice(0, columns - 1)}`);
  }

  return {
    isTerminal,
    width: isTerminal ? Math.max(LEAST_WIDTH, stdout.columns ?? LEAST_WIDTH) : WIDTH_WITHOUT_TERMINAL,
    // https://no-color.org
    colors: createColors(isTerminal && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb'),
    async print(text) {
      if (closed.signal.aborted || text === '') return;
      progress('');
      if (!stdout.write(text)) await drained(stdout, closed.signal);
    },
    note(line) {
      progress('');
      stderr.write(`${line}\n`);
    },
    progress,
    closed: closed.signal,
  };
}

function drained(stdout: OutputStream, closed: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (closed.aborted) {
      resolve();
      return;
    }
    const end = () => {
      closed.removeEventListener('abort', end);
      resolve();
    };
    stdout.once('drain', end);
    closed.addEventListener('abort', end, { once: true });
  });
}
