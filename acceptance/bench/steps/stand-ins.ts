import { startChild } from '../../processes/start-child.ts';
import type { Child } from '../../processes/start-child.ts';
import type { ClusterCalls } from '../children/cluster.ts';
import type { StreamsCalls } from '../children/streams.ts';
import type { StsCalls } from '../children/sts.ts';
import type { ClusterSize } from '../cluster-objects.ts';
import type { BenchWorld } from '../world.ts';

export interface StandIns {
  readonly cluster: Child<ClusterCalls>;
  readonly sts: Child<StsCalls>;
  readonly kubeconfig: string;
  readonly stsEndpoint: string;
}

/** Starts a Kubernetes API with the objects of a cluster, and STS, in their own processes. */
export async function startStandIns(
  { writeKubeconfig }: BenchWorld,
  size: ClusterSize,
  stack: AsyncDisposableStack,
): Promise<StandIns> {
  const cluster = stack.use(
    await startChild<ClusterCalls>(new URL('../children/cluster.ts', import.meta.url)),
  );
  const sts = stack.use(await startChild<StsCalls>(new URL('../children/sts.ts', import.meta.url)));
  const kubeconfig = await writeKubeconfig(await cluster.call.fill(size));
  return { cluster, sts, kubeconfig, stsEndpoint: await sts.call.url(undefined) };
}

/** Starts the process that opens streams of agents. */
export function startStreams(): Promise<Child<StreamsCalls>> {
  return startChild<StreamsCalls>(new URL('../children/streams.ts', import.meta.url));
}
