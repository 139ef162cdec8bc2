import { setTimeout } from 'node:timers/promises';
import { follow, hasStatus, inForceWithin, served } from '../follow.ts';
import type { Followed } from '../follow.ts';
import { keepAsking } from '../running-pods.ts';
import type { ChaosWorld } from '../world.ts';
import type { Fault } from './fault.ts';
import { judge } from './judge.ts';
import type { Changes, FaultOutcome } from './judge.ts';
import { MARKER, wronglyOwned } from '../running-worlds.ts';
import type { RunningWorld } from '../running-worlds.ts';

/** So long all is well before the fault, and the fault lasts at least, whatever comes into force. Milliseconds. */
const BEFORE_MS = 300;
const LEAST_MS = 2_000;
/** After the fault's end all changes must be in force, or it is given up. Milliseconds. */
const GIVEN_UP_MS = 25_000;

/** One fault, from all well to all well: what running Pods were answered, and when changes came into force. */
export async function tryFault(running: RunningWorld, fault: Fault): Promise<FaultOutcome> {
  const { world, running: pods, keepsState } = running;
  const callsBefore = world.sts.calls.length;
  const asking = keepAsking(pods);
  await setTimeout(BEFORE_MS);
  const mend = await fault.strike(world);
  const struckMs = performance.now();
  const changes = await change(world, fault);
  const mendedMs = await whileItLasts(fault, changes, struckMs).finally(mend);
  await inForceWithin(Object.values(changes) as Followed[], GIVEN_UP_MS);
  await setTimeout(BEFORE_MS);
  const tally = await asking.stop();
  const calls = world.sts.calls.slice(callsBefore);
  await takeBack(world);
  const wrong = await wronglyOwned(world, tally.keys);
  return judge({ fault, tally, wrong, changes, struckMs, mendedMs, calls, keepsState });
}

async function change(world: ChaosWorld, { target }: Fault): Promise<Changes> {
  world.permit('marker', 'nothing');
  await world.run('app/shared', 'app-0');
  await world.run('guests/new', `new-${world.sts.calls.length.toString(36).replace(/\d/g, nameOf)}`);
  const waits = target === 'agent' ? [0, 503] : [503];
  const role =
    world.node.pod('Pod guests/new')?.manifest.metadata.annotations?.['iam.amazonaws.com/role'] ?? '';
  return {
    withdrawn: follow({
      calls: world.callsOf(MARKER),
      role: 'marked',
      until: hasStatus(403),
      before: hasStatus(200, ...(target === 'agent' ? waits : [])),
    }),
    shared: follow({
      calls: world.callsOf('app/shared'),
      role: 'app-0',
      until: served('app-0'),
      before: hasStatus(...waits),
    }),
    newRole: follow({
      calls: world.callsOf('guests/new'),
      role,
      until: served(role),
      before: hasStatus(...waits),
    }),
  };
}

/** Resolves with the time of the fault's end. */
async function whileItLasts(
  { expected, lastsMs }: Fault,
  { withdrawn, shared, newRole }: Changes,
  struckMs: number,
): Promise<number> {
  const awaited = [
    ...(expected.changes === 'in force' ? [withdrawn, shared] : []),
    ...(expected.newRole === 'served' ? [newRole] : []),
  ];
  // Where something is to stay as it is, the whole time is waited out.
  const ends = awaited.length === 3 ? Promise.all(awaited.map(({ done }) => done)) : setTimeout(lastsMs);
  await Promise.race([ends, setTimeout(lastsMs)]);
  await setTimeout(Math.max(0, LEAST_MS - (performance.now() - struckMs)));
  return performance.now();
}

async function takeBack(world: ChaosWorld): Promise<void> {
  world.permit('marker', 'marked');
  await world.end('app/shared');
  await world.end('guests/new');
}

const nameOf = (digit: string): string => 'ghijklmnop'[Number(digit)] ?? '';
