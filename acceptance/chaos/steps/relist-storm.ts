import { setTimeout } from 'node:timers/promises';
import { followChange, hasStatus, inForceWithin } from '../follow-change.ts';
import { MARKER } from '../running-worlds.ts';
import type { RunningWorld } from '../running-worlds.ts';
import { keepAsking } from '../running-pods.ts';
import type { StepResult } from '../step.ts';
import { kindsOf } from '../tally.ts';

const DURATION_MS = 6_000;
/** Interval between losses of the history. Milliseconds. */
const EVERY_MS = 100;
/** Four kinds, two replicas, and back-offs that double from 250 ms with jitter. */
const MOST_LISTS = 4 * 2 * 12;
const GIVEN_UP_MS = 25_000;
const IN_FORCE_WITHIN_MS = 15_000;

/** The API server loses its history repeatedly, so that each watch must list again. */
export async function relistStorm({ world, running }: RunningWorld): Promise<StepResult> {
  const { api } = world;
  const lists = () =>
    Object.values(api.requests).reduce((sum, { list, streaming }) => sum + list + streaming, 0);
  const [before, startMs] = [lists(), performance.now()];
  const asking = keepAsking(running);
  while (performance.now() - startMs < DURATION_MS) {
    api.compact();
    api.dropWatches('end');
    await setTimeout(EVERY_MS);
  }
  const listed = lists() - before;
  const endMs = performance.now();
  world.permit('marker', 'nothing');
  const change = followChange({
    calls: world.callsOf(MARKER),
    role: 'marked',
    until: hasStatus(403),
    before: hasStatus(200),
  });
  await inForceWithin([change], GIVEN_UP_MS);
  const freshMs = (change.inForceAtMs ?? Infinity) - endMs;
  const { requests, failures } = await asking.stop();
  world.permit('marker', 'marked');
  return {
    row: [
      `all watches end and cannot resume, every ${EVERY_MS} ms for ${DURATION_MS / 1000} s`,
      `${listed} lists; ${failures.length} of ${requests} requests of running Pods failed; change in force after ${(freshMs / 1000).toFixed(2)} s`,
      `at most ${MOST_LISTS} lists, no failure`,
    ],
    problems: [
      ...(listed > MOST_LISTS ? [`${listed} lists in ${DURATION_MS / 1000} s`] : []),
      ...(listed === 0 ? ['nothing was listed again: the test proves nothing'] : []),
      ...(failures.length > 0 ? [`running Pods: ${kindsOf(failures)}`] : []),
      ...(freshMs > IN_FORCE_WITHIN_MS ? [`change in force only after ${Math.round(freshMs)} ms`] : []),
    ],
  };
}
