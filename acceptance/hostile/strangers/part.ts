import { startChild } from '../../processes/start-child.ts';
import type { AttackerCalls } from '../clients/orders.ts';
import { openCluster } from '../cluster/cluster.ts';
import { openGround } from '../cluster/ground.ts';
import type { StandInCalls } from '../cluster/orders.ts';
import { startServerWatchers } from '../cluster/watch/watchers.ts';
import { createPart } from '../part.ts';
import type { RunOptions } from '../part.ts';
import { strangersHead } from './judge.ts';
import type { StrangerCalls } from './orders.ts';
import { strangersSteps } from './all-steps.ts';
import type { StrangersWorld } from './step.ts';
import { createStrangersWatchers } from './watch/watchers.ts';
import { addedAddresses, STRANGERS_ADDRESS } from './world/agent-nodes.ts';
import { openAgents } from './world/agents.ts';
import { applyEmptyAuthority } from './world/authority.ts';

/** What those do to a server who reach its ports, without a certificate or with that of a stolen node. */
export const strangersPart = createPart({
  report: 'test:hostile strangers',
  head: strangersHead,
  steps: strangersSteps,
  open: openWorld,
});

async function openWorld(
  { stretch, bundles }: Pick<RunOptions, 'stretch' | 'bundles'>,
  stack: AsyncDisposableStack,
): Promise<StrangersWorld> {
  const ground = stack.use(
    await openGround({ name: `rgs${process.pid}`, bundles, addresses: addedAddresses }),
  );
  const script = new URL('../cluster/clients/stand-in.ts', import.meta.url);
  const through = [...ground.groups.api.enter, ...ground.enter];
  const standIn = stack.use(await startChild<StandInCalls>(script, { through })).call;
  const { kubeconfig, port: apiPort } = await standIn.where(undefined);
  await applyEmptyAuthority(standIn);
  const identity = 'own authority';
  const cluster = await openCluster(
    ground,
    { name: 'server', api: standIn, apiPort, kubeconfig, identity },
    stack,
  );
  const agents = await openAgents(cluster, standIn, stack);
  const watchers = createStrangersWatchers(await startServerWatchers(cluster, stack), agents.call);
  const stranger = await startAttacker<StrangerCalls>('clients/stranger.ts');
  const another = await startAttacker<StrangerCalls>('clients/stranger.ts');
  const bytes = await startAttacker<AttackerCalls>('../clients/attacker.ts');
  const stolen = await agents.steal({ name: 'stolen', address: STRANGERS_ADDRESS });
  const strangers = [stranger.call, another.call] as const;
  return {
    ...ground,
    cluster,
    standIn,
    agents,
    watchers,
    strangers,
    bytes: bytes.call,
    stolen,
    stretch,
    rows: [],
  };

  async function startAttacker<Calls extends StrangerCalls | AttackerCalls>(path: string) {
    const own = [...ground.groups.attackers.enter, ...ground.enter];
    return stack.use(await startChild<Calls>(new URL(path, import.meta.url), { through: own }));
  }
}
