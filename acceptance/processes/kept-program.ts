import { PLAIN_ENV, startProcess } from '@rolegate/testing';
import type { RunningProcess } from '@rolegate/testing';

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
  let running: RunningProcess | undefined;
  let stopping = false;

  function start(): void {
    if (running !== undefined) return;
    running = startProcess(command, {
      env: { ...PLAIN_ENV, ...env },
      output: onLine,
      stopWithinMs: STOP_WITHIN_MS,
    });
    void running.ended.then((why) => {
      running = undefined;
      if (!stopping) unexpectedEnds.push(why);
    });
  }

  async function stop(how?: 'kill'): Promise<void> {
    if (running === undefined) return;
    stopping = true;
    await (how === 'kill' ? running.kill() : running.stop());
    stopping = false;
  }

  return { start, stop, unexpectedEnds, pid: () => running?.pid };
}
