import { runSteps } from '@rolegate/testing';
import { startChild } from '../../processes/start-child.ts';
import type { Part } from '../part.ts';
import { tenantsHead } from './judge.ts';
import type { StandInCalls } from '../cluster/orders.ts';
import { tenantsScenario } from './all-steps.ts';
import type { TenantsScene } from './step.ts';
import { startServerWatchers } from '../cluster/watch/watchers.ts';
import { openCluster } from '../cluster/cluster.ts';
import { openGround } from '../cluster/ground.ts';
import type { GroundOptions } from '../cluster/ground.ts';
import { agentsOf } from './world/agents.ts';
import { createRealStages } from './world/real-stage.ts';

/** What those do to a server who may write objects into the API server, and stolen nodes. */
export const tenantsPart: Part = {
  report: 'test:hostile tenants',
  matching: (only) => tenantsScenario.filter(({ title }) => only.test(title)).length,
  head: tenantsHead,
  async play({ only, stretch, bundles, print, signal }) {
    await using stack = new AsyncDisposableStack();
    const scene = await openScene({ name: `rgt${process.pid}`, bundles, stretch }, stack);
    const steps = tenantsScenario.filter(({ title }) => only.test(title));
    return { outcome: await runSteps({ steps, world: scene, print, signal }), rows: scene.rows };
  },
};

async function openScene(
  { stretch, ...options }: GroundOptions & Pick<TenantsScene, 'stretch'>,
  stack: AsyncDisposableStack,
): Promise<TenantsScene> {
  const ground = stack.use(await openGround(options));
  const script = new URL('../cluster/clients/stand-in.ts', import.meta.url);
  const through = [...ground.groups.api.enter, ...ground.enter];
  const standIn = stack.use(await startChild<StandInCalls>(script, { through })).call;
  const { kubeconfig, port } = await standIn.where(undefined);
  const cluster = await openCluster(
    ground,
    { name: 'server', api: standIn, apiPort: port, kubeconfig, identity: { ca: ground.ca } },
    stack,
  );
  await cluster.connect(await agentsOf(ground));
  const watchers = await startServerWatchers(cluster, stack);
  const real = createRealStages(ground, stack, async () => {
    await cluster.feeds.close(undefined);
    await cluster.server.stop();
  });
  return { ...ground, standIn, cluster, watchers, real, stretch, rows: [] };
}
