import type { Clock } from '@rolegate/runtime';

/** `reconcile` says something every 500 ms: after two times of silence what it said before may be old. Milliseconds. */
const QUIET_AFTER_MS = 1_000;
/** After this silence reconcile is given up. Milliseconds. */
export const SILENT_MS = 2_000;

export interface IdleTimeout {
  /** Something came: the time begins again. */
  readonly reset: () => void;
  readonly cancel: () => void;
}

export interface IdleTimeoutDeps {
  readonly clock: Pick<Clock, 'schedule'>;
  /** Nothing has come for a while, and then again something. */
  readonly quiet: (isQuiet: boolean) => void;
  /** Nothing has come for too long. */
  readonly silent: () => void;
}

/** Notices in two steps that nothing comes any more. */
export function createIdleTimeout({ clock, quiet, silent }: IdleTimeoutDeps): IdleTimeout {
  let isQuiet = false;
  let cancel = start();

  function start(): () => void {
    return after(QUIET_AFTER_MS, () => {
      isQuiet = true;
      quiet(true);
      cancel = after(SILENT_MS - QUIET_AFTER_MS, silent);
    });
  }

  /** What came in while this process was at something else is read first: that is not the silence of the other side. */
  function after(delayMs: number, call: () => void): () => void {
    let cancelSecond: (() => void) | undefined;
    const cancelFirst = clock.schedule(delayMs, () => {
      cancelSecond = clock.schedule(0, call);
    });
    return () => {
      cancelFirst();
      cancelSecond?.();
    };
  }

  return {
    reset() {
      cancel();
      cancel = start();
      if (!isQuiet) return;
      isQuiet = false;
      quiet(false);
    },
    cancel: () => {
      cancel();
    },
  };
}
