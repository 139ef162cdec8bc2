import { followChange, hasStatus, inForceWithin, served } from '../follow-change.ts';
import type { FollowOptions } from '../follow-change.ts';
import { MARKER } from '../running-worlds.ts';
import type { RunningWorld } from '../running-worlds.ts';
import type { StepResult } from '../step.ts';

/** DESIGN.md 4.10, from the change at the API server to the Pod's answer. Milliseconds. */
const IN_FORCE_WITHIN_MS = 1_000;
const TIMES = 10;
const GIVEN_UP_MS = 20_000;

/** Revokes a permit and grants it again, several times. */
export async function withdrawnPermit({ world }: RunningWorld): Promise<StepResult> {
  const [withdrawn, permitted]: [number[], number[]] = [[], []];
  for (let time = 0; time < TIMES; time++) {
    withdrawn.push(await untilInForce(world, 'nothing', hasStatus(403)));
    permitted.push(await untilInForce(world, 'marked', served('marked')));
  }
  const worst = Math.max(...withdrawn);
  const middle = [...withdrawn].sort((a, b) => a - b)[TIMES / 2] ?? NaN;
  return {
    row: [
      `a permit is revoked and granted again ${TIMES} times`,
      `revocation in force after ${middle} ms (median), ${worst} ms (maximum); new permit: ${Math.max(...permitted)} ms (maximum)`,
      `${IN_FORCE_WITHIN_MS} ms`,
    ],
    problems: worst > IN_FORCE_WITHIN_MS ? [`a revocation took effect only after ${worst} ms`] : [],
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
  const change = followChange({ calls: world.callsOf(MARKER), role: 'marked', until, before });
  await inForceWithin([change], GIVEN_UP_MS);
  return Math.round((change.inForceAtMs ?? Infinity) - startMs);
}
