import { startChild } from '../../processes/start-child.ts';
import { createPart } from '../part.ts';
import type { RunOptions } from '../part.ts';
import { tenantsHead } from './judge.ts';
import type { StandInCalls } from '../cluster/orders.ts';
import { tenantsSteps } from './all-steps.ts';
import type { TenantsWorld } from './step.ts';
import { startServerWatchers } from '../cluster/watch/watchers.ts';
import { openCluster } from '../cluster/cluster.ts';
import { openGround } from '../cluster/ground.ts';
import { agentsOf } from './world/agents.ts';
import { createRealStages } from './world/real-stage.ts';

/** What those do to a server who may write objects into the API server, and stolen nodes. */
export const tenantsPart = createPart({
  report: 'test:hostile tenants',
  head: tenantsHead,
  steps: tenantsSteps,
  open: openWorld,
});

async function openWorld(
  { stretch, bundles }: Pick<RunOptions, 'stretch' | 'bundles'>,
  stack: AsyncDisposableStack,
): Promise<TenantsWorld> {
  const ground = stack.use(await openGround({ name: `rgt${process.pid}`, bundles }));
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
