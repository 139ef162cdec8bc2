import { setInterval } from 'node:timers';
import type { Program } from '@rolegate/sandbox';

/** How long the process runs in each period. Milliseconds. */
const RUNS_MS = 20;
const PERIOD_MS = 100;

/** Suspends the process, while the kernel still accepts its connections. */
export function hang({ pid }: Program): () => void {
  process.kill(pid, 'SIGSTOP');
  return () => {
    process.kill(pid, 'SIGCONT');
  };
}

/** Lets the process run a fifth of the time, like a CPU limit. */
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
