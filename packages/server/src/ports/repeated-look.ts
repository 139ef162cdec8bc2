import type { Clock } from '@rolegate/runtime';

export interface RepeatedLookOptions {
  readonly clock: Pick<Clock, 'schedule'>;
  readonly everyMs: number;
  readonly look: () => void;
  /** False: there is nothing to look at, until it is begun again. */
  readonly isNeeded: () => boolean;
}

/** What sockets have read is known by looking only. Returns what begins it, if it is not under way. */
export function createRepeatedLook({ clock, everyMs, look, isNeeded }: RepeatedLookOptions): () => void {
  let looking = false;

  function lookAgain(): void {
    look();
    looking = isNeeded();
    if (looking) clock.schedule(everyMs, lookAgain);
  }

  return () => {
    if (looking) return;
    looking = true;
    clock.schedule(everyMs, lookAgain);
  };
}
