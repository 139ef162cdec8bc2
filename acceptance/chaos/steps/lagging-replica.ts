import { setTimeout } from 'node:timers/promises';
import { eventually } from '@rolegate/testing';
import { follow, hasStatus, inForceWithin, served } from '../follow.ts';
import type { FollowOptions } from '../follow.ts';
import { hang } from '../harm-process.ts';
import { MARKER } from '../running-worlds.ts';
import type { RunningWorld } from '../running-worlds.ts';
import { keepAsking } from '../running-pods.ts';
import type { Seen } from '../step.ts';
import { kindsOf } from '../tally.ts';

const GIVEN_UP_MS = 20_000;
/** From the loss of one replica to following the other: a back-off of 5 s, twice at most. Milliseconds. */
const FOLLOWED_WITHIN = { withinMs: 15_000, everyMs: 50 };
/** Longer than it takes to be told all that the lagging replica knows. Milliseconds. */
const TOLD_MS = 2_000;
/** For a Pod's end to be in force. Milliseconds. */
const ENDED_MS = 300;

/** One replica's watches are held back; the other one dies after a withdrawal, a grant and an end. */
export async function laggingReplica({ world, running }: RunningWorld): Promise<Seen> {
  await world.run('guests/gone', 'new-gone');
  await settle(world, 'guests/gone', served('new-gone'));
  const current = world.connectedServer();
  const lagging = 1 - current;
  // Nothing more comes from the API server, and nothing says so: the replica takes what it has for the present state.
  world.ports.apis[lagging]?.proxy.pause();
  const ghost = await changeAll(world);
  const calls = world.callsOf('guests/late');
  const late = { name: 'guests/late', role: 'new-late', manner: 'list and document', calls } as const;
  const asking = keepAsking([...running, late]);
  const marker = follow({
    calls: world.callsOf(MARKER),
    role: 'marked',
    until: ({ document }) => document !== '',
    before: hasStatus(403),
  });
  const comeBack = dies(world, current);
  const followsLagging = await eventually(() => {
    if (world.connectedServer() !== lagging) throw new Error('not yet');
    return true;
  }, FOLLOWED_WITHIN).catch(() => false);
  await setTimeout(TOLD_MS);
  const fromGrave = await ghost.call('/latest/meta-data/iam/security-credentials/new-gone');
  ghost.close();
  marker.stop();
  const { failures, requests } = await asking.stop();
  comeBack();
  world.ports.apis[lagging]?.proxy.resume();
  world.permit('marker', 'marked');
  await world.end('guests/late');
  return {
    row: [
      'the agent fails over to a replica whose watches hang',
      `the permit stays withdrawn; ${requests} requests of Pods, a newer one among them: ${failures.length} failed`,
      'nothing revived, removed or dropped',
    ],
    faults: [
      ...(followsLagging ? [] : ['the agent does not follow the lagging replica: the test shows nothing']),
      ...(marker.inForceAtMs === undefined ? [] : ['the lagging replica has revived a withdrawn permit']),
      ...(fromGrave.status === 200 ? ['a Pod that is gone was given credentials'] : []),
      ...(failures.length > 0
        ? [`Pods that were served: ${kindsOf(failures)}, ${failures[0]?.pod ?? ''}`]
        : []),
      ...marker.odd,
    ],
  };
}

/** A permit is withdrawn, a Pod comes, a Pod ends; gives back the calls from the address of the last. */
async function changeAll(world: RunningWorld['world']) {
  world.permit('marker', 'nothing');
  await settle(world, MARKER, hasStatus(403));
  await world.run('guests/late', 'new-late');
  await settle(world, 'guests/late', served('new-late'));
  const calls = world.callsOf('guests/gone');
  await world.end('guests/gone');
  await setTimeout(ENDED_MS);
  return calls;
}

/** The server answers nothing any more, and its connections are reset. */
function dies({ servers, ports }: RunningWorld['world'], index: number): () => void {
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
  const change = follow({ calls: world.callsOf(named), role: '', until, before: () => true });
  if (!(await inForceWithin([change], GIVEN_UP_MS)))
    throw new Error(`${named} is not as it should be before the test`);
}
