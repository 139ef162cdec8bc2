import { setTimeout } from 'node:timers/promises';
import { follow, hasStatus, inForceWithin } from '../follow.ts';
import { MARKER } from '../running-worlds.ts';
import type { RunningWorld } from '../running-worlds.ts';
import { keepAsking } from '../running-pods.ts';
import type { Seen } from '../step.ts';
import { kindsOf } from '../tally.ts';

const LASTS_MS = 6_000;
/** Every watch is answered 410 and cut so often. Milliseconds. */
const EVERY_MS = 100;
/** Of four kinds and two replicas, each with pauses that double from 250 ms, at random. */
const MOST_LISTS = 4 * 2 * 12;
const GIVEN_UP_MS = 25_000;
const FRESH_WITHIN_MS = 15_000;

/** The API server forgets its history again and again: each watch must list anew. */
export async function relistStorm({ world, running }: RunningWorld): Promise<Seen> {
  const { api } = world;
  const lists = () =>
    Object.values(api.requests).reduce((sum, { list, streaming }) => sum + list + streaming, 0);
  const [before, startMs] = [lists(), performance.now()];
  const asking = keepAsking(running);
  while (performance.now() - startMs < LASTS_MS) {
    api.compact();
    api.dropWatches('end');
    await setTimeout(EVERY_MS);
  }
  const listed = lists() - before;
  const endMs = performance.now();
  world.permit('marker', 'nothing');
  const change = follow({
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
      `the history is forgotten and all watches end every ${EVERY_MS} ms, for ${LASTS_MS / 1000} s`,
      `${listed} lists; ${requests} requests of running Pods, ${failures.length} failed; fresh ${(freshMs / 1000).toFixed(2)} s after`,
      `at most ${MOST_LISTS} lists, no failure`,
    ],
    faults: [
      ...(listed > MOST_LISTS ? [`${listed} lists in ${LASTS_MS / 1000} s`] : []),
      ...(listed === 0 ? ['nothing was listed anew: the test shows nothing'] : []),
      ...(failures.length > 0 ? [`running Pods: ${kindsOf(failures)}`] : []),
      ...(freshMs > FRESH_WITHIN_MS ? [`fresh only after ${Math.round(freshMs)} ms`] : []),
    ],
  };
}
