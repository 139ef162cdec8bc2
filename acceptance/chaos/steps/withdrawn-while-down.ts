import { setTimeout } from 'node:timers/promises';
import type { FeedUpdateRead } from '@rolegate/protocol';
import { NODE_NAME } from '@rolegate/sandbox';
import { followChange, hasStatus, inForceWithin, served } from '../follow-change.ts';
import { refuseAll } from '../port-faults.ts';
import { MARKER } from '../running-worlds.ts';
import type { RunningWorld } from '../running-worlds.ts';
import { openNodeClient } from '../node-client.ts';
import type { StepResult } from '../step.ts';

const DOWN_MS = 3_000;
const GIVEN_UP_MS = 20_000;
/** Both changes are polled separately, every 20 ms, on a busy machine. Milliseconds. */
const POLL_TOLERANCE_MS = 60;

/** A permit is revoked and a Pod is created while the feed is down. */
export async function withdrawnWhileDown({ world }: RunningWorld): Promise<StepResult> {
  const recover = refuseAll(world.ports.feeds);
  world.permit('marker', 'nothing');
  await world.run('guests/after', 'new-after');
  const withdrawn = followChange({
    calls: world.callsOf(MARKER),
    role: 'marked',
    until: hasStatus(403),
    before: hasStatus(200),
  });
  const granted = followChange({
    calls: world.callsOf('guests/after'),
    role: 'new-after',
    until: served('new-after'),
    before: hasStatus(503),
  });
  await setTimeout(DOWN_MS);
  const early = withdrawn.inForceAtMs !== undefined;
  const endMs = performance.now();
  await recover();
  await inForceWithin([withdrawn, granted], GIVEN_UP_MS);
  const [withdrawnMs, grantedMs] = [withdrawn, granted].map(({ inForceAtMs = Infinity }) =>
    Math.round(inForceAtMs - endMs),
  ) as [number, number];
  const snapshot = await snapshotOf(world);
  world.permit('marker', 'marked');
  await world.end('guests/after');
  return {
    row: [
      'a permit is revoked and a Pod is created while the feed is down',
      `after it is connected again: revocation after ${withdrawnMs} ms, new Pod served after ${grantedMs} ms; order of the snapshot: ${snapshot.join(', ')}`,
      'denials first',
    ],
    problems: [
      ...(early ? ['the permit was revoked without a feed: the test proves nothing'] : []),
      ...(withdrawnMs > grantedMs + POLL_TOLERANCE_MS
        ? ['the new Pod was served before the permit was revoked']
        : []),
      ...(grantedMs === Infinity ? ['the new Pod was not served'] : []),
      ...(snapshot[0] === 'denials' ? [] : [`the snapshot starts with ${snapshot[0] ?? 'nothing'}`]),
      ...(snapshot.indexOf('denials') === snapshot.lastIndexOf('denials')
        ? []
        : ['the snapshot has denials after other updates']),
      ...withdrawn.unexpected,
      ...granted.unexpected,
    ],
  };
}

/** The kinds of updates in the snapshot of a new stream, without repetitions. */
async function snapshotOf({ programs }: RunningWorld['world']): Promise<string[]> {
  const kinds: string[] = [];
  const synced = Promise.withResolvers<undefined>();
  const client = await openNodeClient({
    node: NODE_NAME,
    ca: programs.ca,
    serverPort: programs.serverPorts[0] ?? 0,
    onUpdate(update) {
      const kind = kindOf(update);
      if (kind !== undefined && kinds.at(-1) !== kind) kinds.push(kind);
      if (update.update === 'synced') synced.resolve(undefined);
    },
  });
  await Promise.race([synced.promise, setTimeout(GIVEN_UP_MS, undefined, { ref: false })]);
  client.close();
  return kinds;
}

function kindOf({ pod, session, update }: FeedUpdateRead): string | undefined {
  if (pod) return pod.allow ? 'grants' : 'denials';
  if (session) return 'sessions';
  return update === 'synced' ? 'synced' : undefined;
}
