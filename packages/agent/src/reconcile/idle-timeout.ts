import type { Clock } from '@rolegate/runtime';

/** `reconcile` sends something every 500 ms: after twice that time its information may be outdated. Milliseconds. */
const QUIET_AFTER_MS = 1_000;
/** After this silence the connection is given up. Milliseconds. */
export const SILENT_MS = 2_000;

export interface IdleTimeout {
  /** Something was received: restarts the time. */
  readonly reset: () => void;
  readonly cancel: () => void;
}

export interface IdleTimeoutDeps {
  readonly clock: Pick<Clock, 'schedule'>;
  /** Nothing was received for a while, or something again after that. */
  readonly quiet: (isQuiet: boolean) => void;
  /** Nothing was received for too long. */
  readonly silent: () => void;
}

/** Detects silence in two steps. */
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

  /** Data that arrived while this process was busy is read first, so that it does not count as silence. */
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
