import { PLAIN_ENV, startProcess } from '@rolegate/testing';
import type { RunningProcess } from '@rolegate/testing';

/** How long a program may take to stop before it is killed. Milliseconds. */
const STOP_WITHIN_MS = 5_000;

export interface ProgramSetup {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly onLine: (line: string) => void;
}

/** A program that the suite restarts like the kubelet. */
export interface KeptProgram {
  /** Starts the program unless it runs. */
  readonly start: () => void;
  /** Stops the program, which does not count as an unexpected end: by SIGTERM like the kubelet, or by SIGKILL. */
  readonly stop: (how?: 'kill') => Promise<void>;
  /** Undefined if the program does not run. */
  readonly pid: () => number | undefined;
  /** Why each process ended that was not stopped, oldest first: `SIGKILL`, `exit code 1`. */
  readonly unexpectedEnds: readonly string[];
}

/** Does not start the program yet. */
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
