import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { PLAIN_ENV } from '@rolegate/testing';

/** How long a program may take to stop before it is killed. Milliseconds. */
const STOP_WITHIN_MS = 5_000;

export interface ProgramSetup {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly onLine: (line: string) => void;
}

/** A program that kubelet would start again. */
export interface KeptProgram {
  /** Starts it if it does not run. */
  readonly start: () => void;
  /** Ends it on purpose: that is no unexpected end. SIGKILL if `how` says so, else as kubelet does. */
  readonly stop: (how?: 'kill') => Promise<void>;
  /** Of the process that runs; undefined if none does. */
  readonly pid: () => number | undefined;
  /** Why each process that was not stopped has ended, oldest first: `SIGKILL`, `exit code 1`. */
  readonly unexpectedEnds: readonly string[];
}

/** Starts and follows a program; nothing runs yet. */
export function createKeptProgram({ command, env, onLine }: ProgramSetup): KeptProgram {
  const unexpectedEnds: string[] = [];
  let running: ChildProcess | undefined;
  let stopping = false;

  function start(): void {
    if (running !== undefined) return;
    const [file = '', ...args] = command;
    const child = spawn(file, args, {
      env: { ...PLAIN_ENV, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running = child;
    for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', onLine);
    child.once('error', ({ message }) => unexpectedEnds.push(message));
    child.once('exit', (code, signal) => {
      running = undefined;
      if (!stopping) unexpectedEnds.push(signal ?? `exit code ${String(code)}`);
    });
  }

  async function stop(how?: 'kill'): Promise<void> {
    if (running === undefined) return;
    stopping = true;
    const child = running;
    const ended = once(child, 'exit');
    child.kill(how === 'kill' ? 'SIGKILL' : 'SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
    await ended;
    clearTimeout(timer);
    stopping = false;
  }

  return { start, stop, unexpectedEnds, pid: () => running?.pid };
}
