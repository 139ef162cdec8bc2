import { setTimeout } from 'node:timers/promises';
import { eventually } from '@rolegate/testing';
import { followChange, hasStatus, inForceWithin, served } from '../follow-change.ts';
import type { FollowOptions } from '../follow-change.ts';
import { hang } from '../process-faults.ts';
import { MARKER } from '../running-worlds.ts';
import type { RunningWorld } from '../running-worlds.ts';
import { keepAsking } from '../running-pods.ts';
import type { StepResult } from '../step.ts';
import { kindsOf } from '../tally.ts';

const GIVEN_UP_MS = 20_000;
/** Covers two back-offs of 5 s. */
const FOLLOWED_WITHIN = { withinMs: 15_000, everyMs: 50 };
/** Time to receive everything from the lagging replica. Milliseconds. */
const RECEIVED_MS = 2_000;
/** Time for a Pod's end to take effect. Milliseconds. */
const ENDED_MS = 300;

/** One replica's watches hang. The other replica dies after a revoked permit, a new Pod and a deleted Pod. */
export async function laggingReplica({ world, running }: RunningWorld): Promise<StepResult> {
  await world.run('guests/gone', 'new-gone');
  await settle(world, 'guests/gone', served('new-gone'));
  const current = world.connectedServer();
  const lagging = 1 - current;
  // The API server falls silent, so the replica considers its state current.
  world.ports.apis[lagging]?.proxy.pause();
  const deletedPod = await makeChanges(world);
  const calls = world.callsOf('guests/late');
  const late = { name: 'guests/late', role: 'new-late', kind: 'list and document', calls } as const;
  const asking = keepAsking([...running, late]);
  const marker = followChange({
    calls: world.callsOf(MARKER),
    role: 'marked',
    until: ({ document }) => document !== '',
    before: hasStatus(403),
  });
  const restart = crash(world, current);
  const followsLagging = await eventually(() => {
    if (world.connectedServer() !== lagging) throw new Error('not yet');
    return true;
  }, FOLLOWED_WITHIN).catch(() => false);
  await setTimeout(RECEIVED_MS);
  const answer = await deletedPod.call('/latest/meta-data/iam/security-credentials/new-gone');
  deletedPod.close();
  marker.stop();
  const { failures, requests } = await asking.stop();
  restart();
  world.ports.apis[lagging]?.proxy.resume();
  world.permit('marker', 'marked');
  await world.end('guests/late');
  return {
    row: [
      'the agent switches to a replica whose watches hang',
      `the permit stays revoked; ${failures.length} of ${requests} requests of Pods, including a newer one, failed`,
      'nothing revived or lost',
    ],
    problems: [
      ...(followsLagging ? [] : ['the agent does not use the lagging replica: the test proves nothing']),
      ...(marker.inForceAtMs === undefined ? [] : ['the lagging replica has revived a revoked permit']),
      ...(answer.status === 200 ? ['a deleted Pod got credentials'] : []),
      ...(failures.length > 0
        ? [`Pods that were served: ${kindsOf(failures)}, ${failures[0]?.pod ?? ''}`]
        : []),
      ...marker.unexpected,
    ],
  };
}

/** Revokes a permit, creates a Pod and deletes a Pod. Returns calls from the deleted Pod's address. */
async function makeChanges(world: RunningWorld['world']) {
  world.permit('marker', 'nothing');
  await settle(world, MARKER, hasStatus(403));
  await world.run('guests/late', 'new-late');
  await settle(world, 'guests/late', served('new-late'));
  const calls = world.callsOf('guests/gone');
  await world.end('guests/gone');
  await setTimeout(ENDED_MS);
  return calls;
}

/** Suspends the server and resets its connections. */
function crash({ servers, ports }: RunningWorld['world'], index: number): () => void {
  const server = servers[index];
  const feed = ports.feeds[index];
  if (server === undefined || feed === undefined) throw new Error(`there is no server ${index}`);
  const resume = hang(server);
  feed.proxy.refuse();
  feed.proxy.cut();
  return () => {
    resume();
    feed.proxy.accept();
  };
}

async function settle(
  world: RunningWorld['world'],
  named: string,
  until: FollowOptions['until'],
): Promise<void> {
  const change = followChange({ calls: world.callsOf(named), role: '', until, before: () => true });
  if (!(await inForceWithin([change], GIVEN_UP_MS)))
    throw new Error(`${named} does not reach the initial state`);
}
