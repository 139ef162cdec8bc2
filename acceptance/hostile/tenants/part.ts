import { startChild } from '../../processes/start-child.ts';
import { createPart } from '../part.ts';
import type { RunOptions } from '../part.ts';
import { tenantsHead } from './judge.ts';
import type { StandInCalls } from '../cluster/calls.ts';
import { tenantsSteps } from './all-steps.ts';
import type { TenantsWorld } from './step.ts';
import { startServerWatchers } from '../cluster/watch/watchers.ts';
import { openCluster } from '../cluster/cluster.ts';
import { openEnvironment } from '../cluster/environment.ts';
import { agentsOf } from './world/agents.ts';
import { prepareRealCluster } from './world/real-cluster.ts';

/** Attacks on a server by writers of API objects and by stolen nodes. */
export const tenantsPart = createPart({
  report: 'test:hostile tenants',
  head: tenantsHead,
  steps: tenantsSteps,
  open: openWorld,
});

async function openWorld(
  { durationFactor, bundles }: Pick<RunOptions, 'durationFactor' | 'bundles'>,
  stack: AsyncDisposableStack,
): Promise<TenantsWorld> {
  const environment = stack.use(await openEnvironment({ name: `rgt${process.pid}`, bundles }));
  const script = new URL('../cluster/clients/stand-in.ts', import.meta.url);
  const through = [...environment.groups.api.enter, ...environment.enter];
  const standIn = stack.use(await startChild<StandInCalls>(script, { through })).call;
  const { kubeconfig, port } = await standIn.where(undefined);
  const cluster = await openCluster(
    environment,
    { name: 'server', api: standIn, apiPort: port, kubeconfig, identity: { ca: environment.ca } },
    stack,
  );
  await cluster.connect(await agentsOf(environment));
  const watchers = await startServerWatchers(cluster, stack);
  const real = prepareRealCluster(environment, stack, async () => {
    await cluster.feeds.close(undefined);
    await cluster.server.stop();
  });
  return { ...environment, standIn, cluster, watchers, real, durationFactor, rows: [] };
}
