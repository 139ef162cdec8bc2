import { setTimeout } from 'node:timers/promises';
import { startKubernetesApi } from '@rolegate/testing';
import { follow, hasStatus, inForceWithin } from '../follow.ts';
import { MARKER } from '../matrix/standing.ts';
import type { Standing } from '../matrix/standing.ts';
import { keepAsking } from '../running-pods.ts';
import type { Shown } from '../shown.ts';
import { kindsOf } from '../tally.ts';

/** Changes of others between the backup and its restoring. */
const LOST_VERSIONS = 5_000;
const WAITED_MS = 3_000;

/** etcd comes back as it was: the same objects, with resourceVersions from before those that are known. */
export async function restoredEtcd({ world, running }: Standing): Promise<Shown> {
  const { api, doors } = world;
  for (let lost = 0; lost < LOST_VERSIONS; lost++) api.bump();
  // Seen by all in its latest state.
  world.permit('marker', 'marked|other');
  await setTimeout(500);
  const [pods, namespaces, serviceAccounts] = [
    api.list('Pod'),
    api.list('Namespace'),
    api.list('ServiceAccount'),
  ];
  const restored = await startKubernetesApi({ pods, namespaces, serviceAccounts, controllers: false });
  try {
    const asking = keepAsking(running);
    await Promise.all(doors.apis.map((door) => door.shut()));
    await Promise.all(doors.apis.map((door) => door.open(restored.port)));
    const annotations = { 'iam.amazonaws.com/permitted': 'nothing' };
    restored.apply({ kind: 'Namespace', metadata: { name: 'marker', annotations } });
    const atOnce = await withdrawnWithin(world);
    for (const index of world.servers.keys()) {
      await world.servers[index]?.stop();
      await world.startServer(index).ready();
    }
    const byServers = await withdrawnWithin(world);
    const { requests, failures } = await asking.stop();
    await world.agent.kill();
    await world.startAgent().ready();
    const byAgent = await withdrawnWithin(world);
    const said = (inForce: boolean) => (inForce ? 'in force' : 'not in force');
    return {
      row: [
        `etcd is restored to ${LOST_VERSIONS} versions before, then a permit is withdrawn`,
        `${requests} requests of running Pods, ${failures.length} failed; ${said(atOnce)} after ${WAITED_MS / 1000} s, ` +
          `${said(byServers)} with servers started anew, ${said(byAgent)} with the agent started anew`,
        'no failure; in force once servers and agents are started anew',
      ],
      found: [
        ...(failures.length > 0 ? [`running Pods: ${kindsOf(failures)}`] : []),
        ...(byAgent
          ? []
          : ['the permit is not withdrawn even for servers and agents that were started anew']),
      ],
    };
  } finally {
    await restored.close();
  }
}

function withdrawnWithin(world: Standing['world']): Promise<boolean> {
  const change = follow({
    ...{ calls: world.callsOf(MARKER), role: 'marked' },
    ...{ until: hasStatus(403), before: () => true },
  });
  return inForceWithin([change], WAITED_MS);
}
