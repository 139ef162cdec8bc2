import { join } from 'node:path';
import { SERVER_NAME } from '@rolegate/sandbox';
import { outputOf } from '@rolegate/testing';
import { NODE, PORTS } from '../network/addresses.ts';
import { NODE_NAME } from '../stand-ins/cluster.ts';
import type { Cgroups } from '../cgroups/group.ts';
import { readChart } from './chart.ts';
import type { ChartContainer } from './chart.ts';
import { prepareChartProgram, serverChanges } from './chart-program.ts';
import type { ChartProgram } from './chart-program.ts';
import { placedArgs, placedText } from './flags.ts';
import type { Mounts } from './flags.ts';
import { imageWords } from './program-words.ts';
import { makeVolumes } from './volumes.ts';

export type ProgramName = 'agent' | 'reconcile' | 'server';
export const programNames: readonly ProgramName[] = ['agent', 'reconcile', 'server'];

export interface NodePrograms extends Readonly<Record<ProgramName, ChartProgram>> {
  /** Runs `intercept` to completion. */
  readonly intercept: () => Promise<void>;
  /** The readiness command of the agent's exec probe. */
  readonly statusCommand: readonly string[];
}

export interface NodeProgramsDeps {
  /** An empty folder for files and sockets. */
  readonly folder: string;
  /** The folder with the bundled programs. */
  readonly bundles: string;
  readonly cgroups: Cgroups;
  readonly kubeconfig: string;
  readonly cniDirectory: string;
  /** The commands that enter the node and the server's Pod. */
  readonly enter: Readonly<Record<'node' | 'server', readonly string[]>>;
  readonly serverAddress: string;
  /** Serves container credentials too, as with `containerCredentials.enabled` in the chart. */
  readonly containerCredentials?: boolean;
  readonly onLine: (program: ProgramName, line: string) => void;
}

/** Prepares the bundled programs as images and charts start them, each in a control group with its chart's limit. */
export async function prepareNodePrograms(deps: NodeProgramsDeps): Promise<NodePrograms> {
  const { bundles, enter, kubeconfig, serverAddress, containerCredentials = false, onLine } = deps;
  const [agent, intercept, reconcile, server] = [
    await readChart('agent', 'agent'),
    await readChart('agent', 'intercept'),
    await readChart('agent', 'reconcile'),
    await readChart('server', 'server'),
  ];
  const mounts = await makeVolumes(deps, { agent: agent.user, server: server.user });
  const onNode = {
    'node-name': NODE_NAME,
    'host-ip': `${NODE.ipv4},${NODE.ipv6}`,
    'container-credentials': String(containerCredentials),
  };
  const toServer = {
    'server-address': `${serverAddress}:${PORTS.server}`,
    'server-name': SERVER_NAME,
    // Not needed: the certificate names the node.
    'token-file': undefined,
  };
  const shared = (name: ProgramName) => ({
    ...deps,
    name,
    env: {},
    onLine: (line: string) => {
      onLine(name, line);
    },
  });
  const ofAgent = { image: 'agent', enter: enter.node, mounts: mounts.agent } as const;
  return {
    agent: await prepareChartProgram({
      ...shared('agent'),
      ...ofAgent,
      chart: agent,
      changes: { ...onNode, ...toServer },
    }),
    reconcile: await prepareChartProgram({
      ...shared('reconcile'),
      ...ofAgent,
      chart: reconcile,
      changes: onNode,
    }),
    server: await prepareChartProgram({
      ...shared('server'),
      image: 'server',
      enter: enter.server,
      mounts: mounts.server,
      chart: server,
      changes: serverChanges({ kubeconfig, stsEndpoint: `http://127.0.0.1:${PORTS.sts}` }),
    }),
    async intercept() {
      const { words } = await imageWords(bundles, 'agent');
      await outputOf([...enter.node, ...words, ...placedArgs(intercept, onNode, mounts.agent)]);
    },
    statusCommand: statusCommand(agent, mounts.agent, bundles),
  };
}

/** The command of the chart's exec probe. */
function statusCommand({ probes }: ChartContainer, mounts: Mounts, bundles: string): readonly string[] {
  const [command] = probes.flatMap((probe) => (probe.by === 'exec' ? [probe.command] : []));
  if (command === undefined) throw new Error("the agent's chart has no exec probe");
  // The first word is the program's name in the image; `status` is a separate bundle.
  const words = command.slice(1).map((word) => placedText(word, mounts));
  return [process.execPath, '--disable-sigusr1', join(bundles, 'agent-status.cjs'), ...words];
}
