import type { Child } from '../../processes/start-child.ts';
import { startChild } from '../../processes/start-child.ts';
import type { Calls } from '../../processes/serve-calls.ts';
import type { ScaleAgentsCalls } from '../children/scale-agents.ts';
import type { ScaleClusterCalls } from '../children/scale-cluster.ts';
import type { StsCalls } from '../children/sts.ts';
import type { BenchWorld } from '../world.ts';
import { openReplicas, SIMULATOR_CORE } from './replicas.ts';
import type { Replica, ReplicaStart } from './replicas.ts';
import { scaleSize } from './size.ts';
import type { ScaleSize } from './size.ts';

const REPLICAS = 3;

/** A simulated cluster with its servers, none of which is running yet, and agents. */
export interface ScaleRun {
  readonly size: ScaleSize;
  readonly cluster: Child<ScaleClusterCalls>;
  readonly agents: Child<ScaleAgentsCalls>;
  readonly sts: Child<StsCalls>;
  readonly replicas: readonly Replica[];
  readonly start: ReplicaStart;
  /** Of the API server. */
  readonly url: string;
  /** ServiceAccount tokens of the agents. */
  readonly tokens: readonly string[];
  /** How long a steady state is observed. */
  readonly observeMs: number;
}

const OBSERVE_MS = 30_000;
const QUICK_OBSERVE_MS = 3_000;

export async function openRun(
  nodes: number,
  bench: BenchWorld,
  stack: AsyncDisposableStack,
): Promise<ScaleRun> {
  const size = scaleSize(nodes);
  const cluster = stack.use(await startSimulator<ScaleClusterCalls>('scale-cluster'));
  const agents = stack.use(await startSimulator<ScaleAgentsCalls>('scale-agents'));
  const sts = stack.use(await startSimulator<StsCalls>('sts'));
  const { kubeconfig, url, tokens } = await cluster.call.fill(size);
  const start = {
    kubeconfig: await bench.writeKubeconfig(kubeconfig),
    stsEndpoint: await sts.call.url(undefined),
  };
  const replicas = await openReplicas(bench, REPLICAS, stack);
  const observeMs = bench.options.quick ? QUICK_OBSERVE_MS : OBSERVE_MS;
  return { size, cluster, agents, sts, replicas, start, url, tokens, observeMs };
}

function startSimulator<Served extends Calls>(name: string): Promise<Child<Served>> {
  return startChild<Served>(new URL(`../children/${name}.ts`, import.meta.url), {
    through: ['taskset', '-c', SIMULATOR_CORE],
    node: ['--max-old-space-size=4096'],
  });
}
