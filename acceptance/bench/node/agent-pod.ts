import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { ProbeCalls, ProbeSpec } from '../../hostile/clients/calls.ts';
import type { Cgroups, Group } from '../../cgroups/group.ts';
import { prepareNodePrograms } from '../../chart-programs/node-programs.ts';
import type { NodePrograms } from '../../chart-programs/node-programs.ts';
import { NODE } from '../../network/addresses.ts';
import { eventually } from '@rolegate/testing';
import type { Child } from '../../processes/start-child.ts';
import { startChild } from '../../processes/start-child.ts';
import type { FullNode } from './world.ts';

/** kubelet's default. */
const PROBE_EVERY_MS = 10_000;
/** Enough for a busy machine. */
const READY = { withinMs: 30_000, everyMs: 500 };
/** Log lines in the error of a failed start. */
const LAST_LINES = 10;

/** More than both containers need, so that the limit does not affect the figures. */
const POD_LIMIT_BYTES = 512 * 2 ** 20;

/** The agent's Pod as in its chart: rules installed, `reconcile` and agent ready, probed as by kubelet. */
export interface AgentPod extends AsyncDisposable {
  readonly pids: Readonly<Record<'agent' | 'reconcile', number>>;
  /** Memory of the control group that cannot be reclaimed. Undefined without a control group. */
  readonly usedBytes: () => Promise<number | undefined>;
}

export interface StartAgentPodOptions {
  readonly network: FullNode;
  /** The folder of the programs. */
  readonly bundles: string;
  /** Number of earlier starts. */
  readonly earlierStarts: number;
}

/** Starts the server and the Pod. Disposing stops both and keeps the rules. */
export async function startAgentPod({
  network,
  bundles,
  earlierStarts,
}: StartAgentPodOptions): Promise<AgentPod> {
  await using stack = new AsyncDisposableStack();
  const folder = join(network.folder, `start-${earlierStarts}`);
  await mkdir(folder);
  const { cgroups, pod } = await createGroups(network, earlierStarts);
  const lines: string[] = [];
  const programs = await prepareNodePrograms({
    ...network,
    cniDirectory: network.cni.path,
    folder,
    bundles: resolve(bundles),
    cgroups,
    onLine: (name, line) => {
      lines.push(`${name}: ${line}`);
      if (lines.length > LAST_LINES) lines.shift();
    },
  });
  const prober = stack.use(await startProber(network));
  await programs.intercept();
  for (const name of ['server', 'reconcile', 'agent'] as const) {
    stack.defer(programs[name].stop);
    programs[name].start();
  }
  await untilReady(prober, programs, lines);
  await prober.call.begin(recurringProbes(programs));
  const pids = { agent: pidOf(programs, 'agent'), reconcile: pidOf(programs, 'reconcile') };
  const all = stack.move();
  return {
    pids,
    usedBytes: async () => pod?.usedBytes(),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

/** One control group for both containers, and one for the server. */
async function createGroups({ cgroups }: FullNode, earlierStarts: number) {
  if (typeof cgroups === 'string') {
    const none: Group = {
      enter: [],
      usedBytes: () => Promise.resolve(0),
      oomKills: () => Promise.resolve(0),
    };
    return { cgroups: fixed(() => Promise.resolve(none)), pod: undefined };
  }
  const pod = await cgroups.make({
    name: `pod-${earlierStarts}`,
    memoryBytes: POD_LIMIT_BYTES,
    cpuWeight: 100,
  });
  return {
    cgroups: fixed((options) =>
      options.name === 'server'
        ? cgroups.make({ ...options, name: `server-${earlierStarts}` })
        : Promise.resolve(pod),
    ),
    pod,
  };
}

function fixed(make: Cgroups['make']): Cgroups {
  return { countsSockets: false, make, [Symbol.asyncDispose]: () => Promise.resolve() };
}

async function startProber({ enter }: FullNode): Promise<Child<ProbeCalls>> {
  const script = new URL('../../hostile/clients/probes.ts', import.meta.url);
  return startChild<ProbeCalls>(script, { through: enter.node });
}

/** Runs the startup probe in the container, as kubelet does. */
async function untilReady(
  prober: Child<ProbeCalls>,
  { agent, statusCommand }: NodePrograms,
  lines: readonly string[],
): Promise<void> {
  const command = [...agent.group.enter, ...statusCommand];
  const probe: ProbeSpec = { name: 'startup', everyMs: PROBE_EVERY_MS, command };
  await eventually(async () => {
    const failures = await prober.call.once([probe]);
    if (failures.length > 0) throw new Error([...failures, ...lines].join('\n'));
  }, READY);
}

/** The chart's probes of the running agent. CPU time of exec probes is not counted, because they are no children of the agent. */
function recurringProbes({ agent, statusCommand }: NodePrograms): ProbeSpec[] {
  const recurring = agent.chart.probes.filter(({ kind }) => kind !== 'startup');
  return recurring.map((probe): ProbeSpec => {
    const every = { name: probe.kind, everyMs: PROBE_EVERY_MS };
    if (probe.by === 'exec') return { ...every, command: [...agent.group.enter, ...statusCommand] };
    const { host = NODE.ipv4, port, path, timeoutMs } = probe;
    return { ...every, url: `http://${host}:${port}${path}`, timeoutMs };
  });
}

function pidOf(programs: NodePrograms, name: 'agent' | 'reconcile'): number {
  const pid = programs[name].pid();
  if (pid === undefined) throw new Error(`${name} has ended: ${programs[name].unexpectedEnds.join(', ')}`);
  return pid;
}
