import type { Clock } from '@rolegate/runtime';
import { OverdueError, IdleTimeoutError } from './api-error.ts';

/** Gives a request up: at first when its time is over, once it is kept open when nothing comes for too long. */
export interface RequestDeadline {
  /** From now on it is this that is destroyed. */
  guard(stream: { destroy(error: Error): unknown }): void;
  /** A byte has come. */
  progress(): void;
  readonly keepOpen: (idleMs: number) => void;
  end(): void;
}

export interface RequestDeadlineOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly what: string;
}

export function createRequestDeadline({ clock, timeoutMs, what }: RequestDeadlineOptions): RequestDeadline {
  let idleMs: number | undefined;
  let stream: { destroy(error: Error): unknown } | undefined;
  let cancel = clock.schedule(timeoutMs, giveUp);
  let ended = false;

  function giveUp(): void {
    const error =
      idleMs === undefined
        ? new OverdueError(`${what}: not answered in full after ${Math.round(timeoutMs / 1000)} s`)
        : new IdleTimeoutError(`${what}: no byte for ${Math.round(idleMs / 1000)} s`);
    stream?.destroy(error);
  }

  function progress(): void {
    if (ended || idleMs === undefined) return;
    cancel();
    cancel = clock.schedule(idleMs, giveUp);
  }

  return {
    progress,
    guard(next) {
      stream = next;
    },
    keepOpen(next) {
      idleMs = next;
      progress();
    },
    end() {
      ended = true;
      cancel();
    },
  };
}
