import { setTimeout as sleep } from 'node:timers/promises';
import { missingHere } from '../../network/requirements.ts';
import type { AgentPod } from '../node/agent-pod.ts';
import { startAgentPod } from '../node/agent-pod.ts';
import type { FullNode } from '../node/world.ts';
import { openFullNode } from '../node/world.ts';
import type { BenchWorld } from '../world.ts';
import type { Memory } from '../process-usage.ts';
import { memoryOf, processTree, proportionalOf } from '../process-usage.ts';
import type { Row } from '../row.ts';
import { unmeasuredRow } from '../row.ts';
import type { Container, ContainerUsage, PodUsage } from './node-rows.ts';
import { nodeRows } from './node-rows.ts';

/** kubelet's default limit. */
const PODS = 110;
/** Time for the work after a start: garbage collection, writing state, checking the rules. */
const SETTLE_MS = 5_000;
const MIB = 2 ** 20;

/** Memory and CPU of the agent's Pod on an idle node, after the second and later starts. */
export async function node(bench: BenchWorld): Promise<Row[]> {
  const { reasons } = await missingHere();
  const [reason] = reasons;
  if (reason !== undefined) return [unmeasuredRow('everything on a node', reason)];
  const { bundles, rounds, idleSeconds, quick } = bench.options;
  await using stack = new AsyncDisposableStack();
  disposeOnSignal(stack);
  const network = await openFullNode({ name: `rg${process.pid}`, pods: PODS }, stack);
  const start = (earlierStarts: number) => startAgentPod({ network, bundles, earlierStarts });
  // The first start loads files into the page cache.
  await (await start(0))[Symbol.asyncDispose]();
  const usages: PodUsage[] = [];
  for (let round = 0; round < rounds; round++) {
    await using pod = await start(round + 1);
    await sleep(quick ? 0 : SETTLE_MS);
    const isLast = round === rounds - 1;
    usages.push(await usageOf(pod, isLast ? idleSeconds : 0));
  }
  return nodeRows(usages, { pods: PODS, idleSeconds, noCgroup: noCgroup(network) });
}

/** Removes network namespaces if the run is interrupted. */
function disposeOnSignal(stack: AsyncDisposableStack): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const end = () => {
      void stack.disposeAsync().finally(() => process.kill(process.pid, signal));
    };
    process.once(signal, end);
    stack.defer(() => {
      process.off(signal, end);
    });
  }
}

function noCgroup({ cgroups }: FullNode): string | undefined {
  return typeof cgroups === 'string' ? cgroups : undefined;
}

/** Measures memory, then CPU time while idle. */
async function usageOf(pod: AgentPod, idleSeconds: number): Promise<PodUsage> {
  const usedBytes = await pod.usedBytes();
  const before = await bothOf(pod);
  const startMs = performance.now();
  await sleep(idleSeconds * 1_000);
  const tookMs = performance.now() - startMs;
  const after = idleSeconds > 0 ? await bothOf(pod) : undefined;
  const share = (name: Container) =>
    after === undefined ? NaN : (after[name].cpuMs - before[name].cpuMs) / tookMs;
  return {
    cgroupMb: usedBytes === undefined ? undefined : usedBytes / MIB,
    containers: before,
    idleShare: { agent: share('agent'), reconcile: share('reconcile') },
  };
}

async function bothOf({ pids }: AgentPod): Promise<Record<Container, ContainerUsage>> {
  return { agent: await containerUsage(pids.agent), reconcile: await containerUsage(pids.reconcile) };
}

/** Of all processes of a container. `reconcile` runs commands that watch the kernel. */
async function containerUsage(pid: number): Promise<ContainerUsage> {
  const tree = await processTree(pid);
  const all = await Promise.all(tree.pids.map(memoryOf));
  const sum = (pick: (memory: Memory) => number) => all.reduce((total, memory) => total + pick(memory), 0);
  const shares = await Promise.all(tree.pids.map(proportionalOf));
  return {
    processes: tree.pids.length,
    cpuMs: tree.cpuMs,
    rss: sum(({ rss }) => rss),
    anonymous: sum(({ anonymous }) => anonymous),
    proportional: shares.reduce((total, share) => total + share, 0),
    mostFiles: Math.max(...all.map(({ rss, anonymous }) => rss - anonymous)),
  };
}
