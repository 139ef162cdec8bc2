import type { Clock } from '@rolegate/runtime';
import { OverdueError, IdleTimeoutError } from './api-error.ts';

/** Aborts a request: when its total time is over, or, once it is kept open, when nothing is received for too long. */
export interface RequestDeadline {
  /** Sets the stream that is destroyed. */
  guard(stream: { destroy(error: Error): unknown }): void;
  /** A byte was received. */
  progress(): void;
  readonly keepOpen: (idleMs: number) => void;
  /** Adds to the total time. */
  readonly extend: (byMs: number) => void;
  end(): void;
}

export interface RequestDeadlineOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly what: string;
}

export function createRequestDeadline({ clock, timeoutMs, what }: RequestDeadlineOptions): RequestDeadline {
  const beganMs = clock.monotonic();
  let totalMs = timeoutMs;
  let idleMs: number | undefined;
  let stream: { destroy(error: Error): unknown } | undefined;
  let cancel = clock.schedule(timeoutMs, giveUp);
  let ended = false;

  function giveUp(): void {
    const error =
      idleMs === undefined
        ? new OverdueError(`${what}: no complete response after ${Math.round(totalMs / 1000)} s`)
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
    extend(byMs) {
      if (ended || idleMs !== undefined) return;
      totalMs += byMs;
      cancel();
      cancel = clock.schedule(beganMs + totalMs - clock.monotonic(), giveUp);
    },
    end() {
      ended = true;
      cancel();
    },
  };
}
