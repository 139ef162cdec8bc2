import type { Clock } from '@rolegate/runtime';

export interface RepeatedCheckOptions {
  readonly clock: Pick<Clock, 'schedule'>;
  readonly everyMs: number;
  readonly check: () => void;
  /** False if there is nothing to check until the next start. */
  readonly isNeeded: () => boolean;
}

/** Polls, because sockets have no event for the bytes that they have received. The returned function starts it if it is not running. */
export function createRepeatedCheck({ clock, everyMs, check, isNeeded }: RepeatedCheckOptions): () => void {
  let running = false;

  function checkAgain(): void {
    check();
    running = isNeeded();
    if (running) clock.schedule(everyMs, checkAgain);
  }

  return () => {
    if (running) return;
    running = true;
    clock.schedule(everyMs, checkAgain);
  };
}
