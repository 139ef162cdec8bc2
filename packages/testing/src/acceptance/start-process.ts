import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Time to stop before the process is killed. Milliseconds. */
const STOP_WITHIN_MS = 10_000;

export interface ProcessOptions {
  /** The whole environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Called with each line of either output, or where both outputs go: an open file or nowhere. */
  readonly output: ((line: string) => void) | number | 'ignore';
  /** After SIGTERM. Milliseconds. */
  readonly stopWithinMs?: number;
}

/** A process that runs until it is stopped. */
export interface RunningProcess {
  readonly pid: number;
  /** False after it has ended. */
  readonly running: boolean;
  /** Why it ended: `exit code 1`, `SIGKILL`, or why it could not be started. */
  readonly ended: Promise<string>;
  /** Sends SIGTERM, and SIGKILL if it does not end. Resolves when it has ended. */
  readonly stop: () => Promise<void>;
  readonly kill: () => Promise<void>;
}

/** Starts a command. The caller must stop it. */
export function startProcess(
  [file = '', ...args]: readonly string[],
  { env, output, stopWithinMs = STOP_WITHIN_MS }: ProcessOptions,
): RunningProcess {
  const stream = typeof output === 'function' ? 'pipe' : output;
  const child = spawn(file, args, { env: { ...env }, stdio: ['ignore', stream, stream] });
  for (const input of [child.stdout, child.stderr])
    if (input !== null && typeof output === 'function') createInterface({ input }).on('line', output);
  let running = true;
  const ended = new Promise<string>((resolve) => {
    const end = (why: string) => {
      running = false;
      resolve(why);
    };
    child.once('error', ({ message }) => {
      end(message);
    });
    child.once('exit', (code, signal) => {
      end(signal ?? `exit code ${String(code)}`);
    });
  });
  return {
    pid: child.pid ?? 0,
    get running() {
      return running;
    },
    ended,
    async stop() {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), stopWithinMs);
      await ended;
      clearTimeout(timer);
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
