import { setImmediate } from 'node:timers/promises';
import type { Clock } from '@rolegate/runtime';

/** The most work in one turn of the event loop, as for decisions. Milliseconds. */
const SLICE_MS = 4;

/** Slices the work of one answer, so that the event loop is never kept for long, and ends it after a time. */
export interface Pace {
  /** To be called before each item. Resolves in a later turn of the event loop if this one is used up; false: time is over. */
  next(): Promise<boolean> | boolean;
}

/** `withinMs`: for the whole work. */
export function createPace(clock: Pick<Clock, 'monotonic'>, withinMs: number): Pace {
  const endMs = clock.monotonic() + withinMs;
  let sliceEndMs = clock.monotonic() + SLICE_MS;

  async function nextSlice(): Promise<boolean> {
    await setImmediate();
    sliceEndMs = clock.monotonic() + SLICE_MS;
    return sliceEndMs - SLICE_MS < endMs;
  }

  return {
    next() {
      const nowMs = clock.monotonic();
      if (nowMs >= endMs) return false;
      return nowMs < sliceEndMs || nextSlice();
    },
  };
}
