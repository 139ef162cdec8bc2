import type { Clock } from '@rolegate/runtime';
import { OverdueError, SilenceError } from './api-error.ts';

/** Gives a request up: at first when its time is over, once it is kept open after silence. */
export interface RequestDeadline {
  /** From now on it is this that is destroyed. */
  guard(stream: { destroy(error: Error): unknown }): void;
  /** A byte has come. */
  progress(): void;
  readonly keepOpen: (silenceMs: number) => void;
  end(): void;
}

export interface RequestDeadlineOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly what: string;
}

export function createRequestDeadline({ clock, timeoutMs, what }: RequestDeadlineOptions): RequestDeadline {
  let silenceMs: number | undefined;
  let stream: { destroy(error: Error): unknown } | undefined;
  let cancel = clock.schedule(timeoutMs, giveUp);
  let ended = false;

  function giveUp(): void {
    const error =
      silenceMs === undefined
        ? new OverdueError(`${what}: not answered in full after ${Math.round(timeoutMs / 1000)} s`)
        : new SilenceError(`${what}: no byte for ${Math.round(silenceMs / 1000)} s`);
    stream?.destroy(error);
  }

  function progress(): void {
    if (ended || silenceMs === undefined) return;
    cancel();
    cancel = clock.schedule(silenceMs, giveUp);
  }

  return {
    progress,
    guard(next) {
      stream = next;
    },
    keepOpen(next) {
      silenceMs = next;
      progress();
    },
    end() {
      ended = true;
      cancel();
    },
  };
}
