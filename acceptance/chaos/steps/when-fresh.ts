import { follow, hasStatus, inForceWithin, served } from '../follow.ts';
import type { FollowOptions } from '../follow.ts';
import { MARKER } from '../running-worlds.ts';
import type { RunningWorld } from '../running-worlds.ts';
import type { Seen } from '../step.ts';

/** DESIGN.md 4.10, from the change at the API server to the Pod's answer. Milliseconds. */
const IN_FORCE_WITHIN_MS = 1_000;
const TIMES = 10;
const GIVEN_UP_MS = 20_000;

/** Withdrawn and permitted again, with all well. */
export async function whenFresh({ world }: RunningWorld): Promise<Seen> {
  const [withdrawn, permitted]: [number[], number[]] = [[], []];
  for (let time = 0; time < TIMES; time++) {
    withdrawn.push(await untilInForce(world, 'nothing', hasStatus(403)));
    permitted.push(await untilInForce(world, 'marked', served('marked')));
  }
  const worst = Math.max(...withdrawn);
  const middle = [...withdrawn].sort((a, b) => a - b)[TIMES / 2] ?? NaN;
  return {
    row: [
      `a permit is withdrawn ${TIMES} times, fresh`,
      `in force after ${middle} ms (median), ${worst} ms (worst); permitted again: worst ${Math.max(...permitted)} ms`,
      `${IN_FORCE_WITHIN_MS} ms`,
    ],
    faults: worst > IN_FORCE_WITHIN_MS ? [`a permit was withdrawn only after ${worst} ms`] : [],
  };
}

async function untilInForce(
  world: RunningWorld['world'],
  permitted: string,
  until: FollowOptions['until'],
): Promise<number> {
  world.permit('marker', permitted);
  const startMs = performance.now();
  const before = hasStatus(200, 403, 503);
  const change = follow({ calls: world.callsOf(MARKER), role: 'marked', until, before });
  await inForceWithin([change], GIVEN_UP_MS);
  return Math.round((change.inForceAtMs ?? Infinity) - startMs);
}
