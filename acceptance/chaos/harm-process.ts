import { setInterval } from 'node:timers';
import type { Program } from '@rolegate/sandbox';

/** Of each tenth of a second the process runs so much. Milliseconds. */
const RUNS_MS = 20;
const PERIOD_MS = 100;

/** Stops the process as a debugger does: the kernel still takes its connections. */
export function hang({ pid }: Program): () => void {
  process.kill(pid, 'SIGSTOP');
  return () => {
    process.kill(pid, 'SIGCONT');
  };
}

/** Gives the process a fifth of its time, as a CPU limit does. */
export function throttle({ pid }: Program): () => void {
  const timer = setInterval(() => {
    process.kill(pid, 'SIGCONT');
    setTimeout(() => {
      if (!over) process.kill(pid, 'SIGSTOP');
    }, RUNS_MS);
  }, PERIOD_MS);
  let over = false;
  process.kill(pid, 'SIGSTOP');
  return () => {
    over = true;
    clearInterval(timer);
    process.kill(pid, 'SIGCONT');
  };
}
