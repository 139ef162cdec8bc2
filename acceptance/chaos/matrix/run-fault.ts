import { setTimeout } from 'node:timers/promises';
import { followChange, hasStatus, inForceWithin, served } from '../follow-change.ts';
import type { FollowedChange } from '../follow-change.ts';
import { keepAsking } from '../running-pods.ts';
import type { ChaosWorld } from '../world.ts';
import type { Fault } from './fault.ts';
import { judge } from './judge.ts';
import type { Changes, FaultOutcome } from './judge.ts';
import { MARKER, findForeignKeys } from '../running-worlds.ts';
import type { RunningWorld } from '../running-worlds.ts';

/** Time without a fault before and after it. Milliseconds. */
const BEFORE_MS = 300;
/** Minimum duration of a fault. Milliseconds. */
const LEAST_MS = 2_000;
/** How long changes are awaited after the fault. Milliseconds. */
const GIVEN_UP_MS = 25_000;

/** Injects one fault into a healthy system, makes changes, and waits until all are in force. */
export async function runFault(running: RunningWorld, fault: Fault): Promise<FaultOutcome> {
  const { world, running: pods, keepsState } = running;
  const callsBefore = world.sts.calls.length;
  const asking = keepAsking(pods);
  await setTimeout(BEFORE_MS);
  const recover = await fault.inject(world);
  const startMs = performance.now();
  const changes = await makeChanges(world, fault);
  const endMs = await untilOver(fault, changes, startMs).finally(recover);
  await inForceWithin(Object.values(changes) as FollowedChange[], GIVEN_UP_MS);
  await setTimeout(BEFORE_MS);
  const tally = await asking.stop();
  const calls = world.sts.calls.slice(callsBefore);
  await revertChanges(world);
  const foreignKeys = await findForeignKeys(world, tally.keys);
  return judge({ fault, tally, foreignKeys, changes, startMs, endMs, calls, keepsState });
}

async function makeChanges(world: ChaosWorld, { component }: Fault): Promise<Changes> {
  world.permit('marker', 'nothing');
  await world.run('app/shared', 'app-0');
  await world.run('guests/new', `new-${world.sts.calls.length.toString(36).replace(/\d/g, nameOf)}`);
  const waits = component === 'agent' ? [0, 503] : [503];
  const role =
    world.node.pod('Pod guests/new')?.manifest.metadata.annotations?.['iam.amazonaws.com/role'] ?? '';
  return {
    withdrawn: followChange({
      calls: world.callsOf(MARKER),
      role: 'marked',
      until: hasStatus(403),
      before: hasStatus(200, ...(component === 'agent' ? waits : [])),
    }),
    shared: followChange({
      calls: world.callsOf('app/shared'),
      role: 'app-0',
      until: served('app-0'),
      before: hasStatus(...waits),
    }),
    newRole: followChange({
      calls: world.callsOf('guests/new'),
      role,
      until: served(role),
      before: hasStatus(...waits),
    }),
  };
}

/** Resolves to the time at which the fault ends. */
async function untilOver(
  { expected, durationMs }: Fault,
  { withdrawn, shared, newRole }: Changes,
  startMs: number,
): Promise<number> {
  const awaited = [
    ...(expected.changes === 'in force' ? [withdrawn, shared] : []),
    ...(expected.newRole === 'served' ? [newRole] : []),
  ];
  // If a change must not take effect, the fault lasts the full time.
  const ends = awaited.length === 3 ? Promise.all(awaited.map(({ done }) => done)) : setTimeout(durationMs);
  await Promise.race([ends, setTimeout(durationMs)]);
  await setTimeout(Math.max(0, LEAST_MS - (performance.now() - startMs)));
  return performance.now();
}

async function revertChanges(world: ChaosWorld): Promise<void> {
  world.permit('marker', 'marked');
  await world.end('app/shared');
  await world.end('guests/new');
}

const nameOf = (digit: string): string => 'ghijklmnop'[Number(digit)] ?? '';
