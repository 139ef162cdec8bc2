import { setTimeout } from 'node:timers/promises';
import { startKubernetesApi } from '@rolegate/testing';
import type { KubernetesApi } from '@rolegate/testing';
import { follow, hasStatus, inForceWithin, served } from '../follow.ts';
import type { FollowOptions } from '../follow.ts';
import { MARKER } from '../running-worlds.ts';
import type { RunningWorld } from '../running-worlds.ts';
import { keepAsking } from '../running-pods.ts';
import type { Seen } from '../step.ts';
import { kindsOf } from '../tally.ts';

/** Changes of others between the backup and its restoring. */
const LOST_VERSIONS = 5_000;
/** The server's pause after a drop, its lists, and a new stream of the agent. Milliseconds. */
const FOLLOWED_WITHIN_MS = 15_000;
/** Longer than a server waits for the API server before it tells an agent what it knows. Milliseconds. */
const TOLD_MS = 5_000;

type World = RunningWorld['world'];

/**
 * etcd comes back as it was: the same objects, with resourceVersions from before those that are known. One replica notices at
 * once, the other not before the agent has turned to it.
 */
export async function restoredEtcd({ world, running }: RunningWorld): Promise<Seen> {
  const { api } = world;
  for (let lost = 0; lost < LOST_VERSIONS; lost++) api.bump();
  // Seen by all in its latest state.
  world.permit('marker', 'marked|other');
  await setTimeout(500);
  const restored = await startRestored(api);
  try {
    const asking = keepAsking(running);
    const first = world.connectedServer();
    const late = 1 - first;
    world.ports.apis[late]?.proxy.pause();
    world.ports.feeds[late]?.proxy.refuse();
    await putBack(world, first, restored);
    permit(restored, 'nothing');
    const isWithdrawn = await inForce(world, hasStatus(403));
    const revived = await turnTo(world, late);
    await putBack(world, late, restored);
    permit(restored, 'marked');
    const isGranted = await inForce(world, served('marked'));
    const { requests, failures } = await asking.stop();
    world.ports.feeds[first]?.proxy.accept();
    return {
      row: [
        `etcd is restored to ${LOST_VERSIONS} versions before, a permit is withdrawn; then the agent turns to a replica that has not noticed`,
        `${requests} requests of running Pods, ${failures.length} failed; withdrawn: ${said(isWithdrawn)}; ` +
          `${revived ? 'revived' : 'not revived'} by the other replica; granted by it again: ${said(isGranted)}`,
        'no failure; in force without a restart of servers or agents; nothing revived',
      ],
      faults: [
        ...(failures.length > 0 ? [`running Pods: ${kindsOf(failures)}`] : []),
        ...(isWithdrawn ? [] : ['the permit is not withdrawn while servers and agents go on']),
        ...(revived ? ['a replica that has not noticed has revived a withdrawn permit'] : []),
        ...(isGranted ? [] : ['a permit is not in force by the replica that was late']),
      ],
    };
  } finally {
    await restored.close();
  }
}

function said(isInForce: boolean): string {
  return isInForce ? 'in force' : 'not in force';
}

function startRestored(api: KubernetesApi): Promise<KubernetesApi> {
  return startKubernetesApi({
    pods: api.list('Pod'),
    namespaces: api.list('Namespace'),
    serviceAccounts: api.list('ServiceAccount'),
    controllers: false,
  });
}

/** The server finds the restored API server where the other one was. */
async function putBack({ ports }: World, server: number, { port }: KubernetesApi): Promise<void> {
  await ports.apis[server]?.shut();
  await ports.apis[server]?.open(port);
}

function permit(restored: KubernetesApi, permitted: string): void {
  const annotations = { 'iam.amazonaws.com/permitted': permitted };
  restored.apply({ kind: 'Namespace', metadata: { name: 'marker', annotations } });
}

/** The agent can reach this server alone; whether the marker is served meanwhile. */
async function turnTo(world: World, server: number): Promise<boolean> {
  const { feeds } = world.ports;
  const marker = follow({
    calls: world.callsOf(MARKER),
    role: 'marked',
    until: ({ document }) => document !== '',
    before: hasStatus(403),
  });
  feeds[server]?.proxy.accept();
  feeds[1 - server]?.proxy.refuse();
  feeds[1 - server]?.proxy.cut();
  await setTimeout(TOLD_MS);
  marker.stop();
  return marker.inForceAtMs !== undefined;
}

function inForce(world: World, until: FollowOptions['until']): Promise<boolean> {
  const change = follow({ calls: world.callsOf(MARKER), role: 'marked', until, before: () => true });
  return inForceWithin([change], FOLLOWED_WITHIN_MS);
}
