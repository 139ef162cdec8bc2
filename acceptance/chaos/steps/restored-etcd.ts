import { setTimeout } from 'node:timers/promises';
import { startKubernetesApi } from '@rolegate/testing';
import type { KubernetesApi } from '@rolegate/testing';
import { followChange, hasStatus, inForceWithin, served } from '../follow-change.ts';
import type { FollowOptions } from '../follow-change.ts';
import { MARKER } from '../running-worlds.ts';
import type { RunningWorld } from '../running-worlds.ts';
import { keepAsking } from '../running-pods.ts';
import type { StepResult } from '../step.ts';
import { kindsOf } from '../tally.ts';

/** Unrelated changes between the backup and the restore. */
const LOST_REVISIONS = 5_000;
/** Covers the server's back-off, its lists, and a new stream of the agent. Milliseconds. */
const FOLLOWED_WITHIN_MS = 15_000;
/** Longer than a server waits for the API server before it sends its state. Milliseconds. */
const RECEIVED_MS = 5_000;

type World = RunningWorld['world'];

/**
 * etcd is restored with the same objects and older resourceVersions. One replica notices immediately, the other only after the
 * agent has connected to it.
 */
export async function restoredEtcd({ world, running }: RunningWorld): Promise<StepResult> {
  const { api } = world;
  for (let lost = 0; lost < LOST_REVISIONS; lost++) api.bump();
  // Makes all watches see a recent version.
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
    const revived = await switchTo(world, late);
    await putBack(world, late, restored);
    permit(restored, 'marked');
    const isGranted = await inForce(world, served('marked'));
    const { requests, failures } = await asking.stop();
    world.ports.feeds[first]?.proxy.accept();
    return {
      row: [
        `etcd loses ${LOST_REVISIONS} revisions, a permit is revoked, and the agent switches to a replica that has not noticed`,
        `${failures.length} of ${requests} requests of running Pods failed; revocation: ${inWords(isWithdrawn)}; ` +
          `${revived ? 'revived' : 'not revived'} by the other replica; new permit: ${inWords(isGranted)}`,
        'no failure; changes in force without a restart; nothing revived',
      ],
      problems: [
        ...(failures.length > 0 ? [`running Pods: ${kindsOf(failures)}`] : []),
        ...(isWithdrawn ? [] : ['the revocation is not in force without a restart']),
        ...(revived ? ['a replica that has not noticed has revived a revoked permit'] : []),
        ...(isGranted ? [] : ['the new permit is not in force at the late replica']),
      ],
    };
  } finally {
    await restored.close();
  }
}

function inWords(isInForce: boolean): string {
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

/** Connects the server to the restored API server. */
async function putBack({ ports }: World, server: number, { port }: KubernetesApi): Promise<void> {
  await ports.apis[server]?.close();
  await ports.apis[server]?.open(port);
}

function permit(restored: KubernetesApi, permitted: string): void {
  const annotations = { 'iam.amazonaws.com/permitted': permitted };
  restored.apply({ kind: 'Namespace', metadata: { name: 'marker', annotations } });
}

/** Lets the agent reach only this server. Resolves to whether the marker Pod is served. */
async function switchTo(world: World, server: number): Promise<boolean> {
  const { feeds } = world.ports;
  const marker = followChange({
    calls: world.callsOf(MARKER),
    role: 'marked',
    until: ({ document }) => document !== '',
    before: hasStatus(403),
  });
  feeds[server]?.proxy.accept();
  feeds[1 - server]?.proxy.refuse();
  feeds[1 - server]?.proxy.cut();
  await setTimeout(RECEIVED_MS);
  marker.stop();
  return marker.inForceAtMs !== undefined;
}

function inForce(world: World, until: FollowOptions['until']): Promise<boolean> {
  const change = followChange({ calls: world.callsOf(MARKER), role: 'marked', until, before: () => true });
  return inForceWithin([change], FOLLOWED_WITHIN_MS);
}
