import { setTimeout } from 'node:timers/promises';
import type { FeedUpdateRead } from '@rolegate/protocol';
import { NODE_NAME } from '@rolegate/sandbox';
import { follow, hasStatus, inForceWithin, served } from '../follow.ts';
import { refuseAll } from '../harm-ports.ts';
import { MARKER } from '../running-worlds.ts';
import type { RunningWorld } from '../running-worlds.ts';
import { openNodeClient } from '../node-client.ts';
import type { Seen } from '../step.ts';

const AWAY_MS = 3_000;
const GIVEN_UP_MS = 20_000;
/** Both are looked at by themselves, every 20 ms, on a busy machine. Milliseconds. */
const LOOK_MS = 60;

/** While no feed is there a permit is withdrawn and a new Pod comes: what of it is in force first. */
export async function firstOnReconnect({ world }: RunningWorld): Promise<Seen> {
  const mend = refuseAll(world.ports.feeds);
  world.permit('marker', 'nothing');
  await world.run('guests/after', 'new-after');
  const withdrawn = follow({
    calls: world.callsOf(MARKER),
    role: 'marked',
    until: hasStatus(403),
    before: hasStatus(200),
  });
  const granted = follow({
    calls: world.callsOf('guests/after'),
    role: 'new-after',
    until: served('new-after'),
    before: hasStatus(503),
  });
  await setTimeout(AWAY_MS);
  const early = withdrawn.inForceAtMs !== undefined;
  const mendedMs = performance.now();
  await mend();
  await inForceWithin([withdrawn, granted], GIVEN_UP_MS);
  const [withdrawnMs, grantedMs] = [withdrawn, granted].map(({ inForceAtMs = Infinity }) =>
    Math.round(inForceAtMs - mendedMs),
  ) as [number, number];
  const snapshot = await snapshotOf(world);
  world.permit('marker', 'marked');
  await world.end('guests/after');
  return {
    row: [
      'a permit is withdrawn and a Pod comes while the feed is away',
      `${withdrawnMs} ms after it is back: withdrawn; ${grantedMs} ms: the new Pod is served; the snapshot: ${snapshot.join(', ')}`,
      'withdrawn before anything else',
    ],
    faults: [
      ...(early ? ['a permit was withdrawn though no feed was there: the test shows nothing'] : []),
      ...(withdrawnMs > grantedMs + LOOK_MS
        ? ['the new Pod was served before the permit was withdrawn']
        : []),
      ...(grantedMs === Infinity ? ['the new Pod was not served'] : []),
      ...(snapshot[0] === 'denials' ? [] : [`the snapshot begins with ${snapshot[0] ?? 'nothing'}`]),
      ...(snapshot.indexOf('denials') === snapshot.lastIndexOf('denials') ? [] : ['a denial comes later']),
      ...withdrawn.odd,
      ...granted.odd,
    ],
  };
}

/** What a stream of the node begins with: runs of the same kind are one. */
async function snapshotOf({ programs, folder }: RunningWorld['world']): Promise<string[]> {
  const said: string[] = [];
  const synced = Promise.withResolvers<undefined>();
  const client = await openNodeClient({
    node: NODE_NAME,
    ca: programs.ca,
    folder,
    serverPort: programs.serverPorts[0] ?? 0,
    onUpdate(update) {
      const kind = kindOf(update);
      if (kind !== undefined && said.at(-1) !== kind) said.push(kind);
      if (update.update === 'synced') synced.resolve(undefined);
    },
  });
  await Promise.race([synced.promise, setTimeout(GIVEN_UP_MS, undefined, { ref: false })]);
  client.close();
  return said;
}

function kindOf({ pod, session, update }: FeedUpdateRead): string | undefined {
  if (pod) return pod.allow ? 'grants' : 'denials';
  if (session) return 'sessions';
  return update === 'synced' ? 'synced' : undefined;
}
