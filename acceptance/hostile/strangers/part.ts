import { runSteps } from '@rolegate/testing';
import { startChild } from '../../processes/start-child.ts';
import type { AttackerCalls } from '../clients/orders.ts';
import { openCluster } from '../cluster/cluster.ts';
import { openGround } from '../cluster/ground.ts';
import type { GroundOptions } from '../cluster/ground.ts';
import type { StandInCalls } from '../cluster/orders.ts';
import { startServerWatchers } from '../cluster/watch/watchers.ts';
import type { Part } from '../part.ts';
import { strangersHead } from './judge.ts';
import type { StrangerCalls } from './orders.ts';
import { strangersScenario } from './all-steps.ts';
import type { StrangersScene } from './step.ts';
import { createStrangersWatchers } from './watch/watchers.ts';
import { addedAddresses, STRANGERS_ADDRESS } from './world/agent-nodes.ts';
import { openAgents } from './world/agents.ts';
import { applyEmptyAuthority } from './world/authority.ts';

/** What those do to a server who reach its ports, without a certificate or with that of a stolen node. */
export const strangersPart: Part = {
  report: 'test:hostile strangers',
  matching: (only) => strangersScenario.filter(({ title }) => only.test(title)).length,
  head: strangersHead,
  async play({ only, stretch, bundles, print, signal }) {
    await using stack = new AsyncDisposableStack();
    const scene = await openScene({ name: `rgs${process.pid}`, bundles, stretch }, stack);
    const steps = strangersScenario.filter(({ title }) => only.test(title));
    return { outcome: await runSteps({ steps, world: scene, print, signal }), rows: scene.rows };
  },
};

async function openScene(
  { stretch, ...options }: GroundOptions & Pick<StrangersScene, 'stretch'>,
  stack: AsyncDisposableStack,
): Promise<StrangersScene> {
  const ground = stack.use(await openGround({ ...options, addresses: addedAddresses }));
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
