import { join } from 'node:path';
import { REGION, ROLE_BASE_ARN, SERVER_NAME } from '@rolegate/sandbox';
import { outputOf } from '@rolegate/testing';
import { NODE, PORTS } from '../network/addresses.ts';
import { NODE_NAME } from '../stand-ins/cluster.ts';
import type { Cgroups, Group } from '../cgroups/group.ts';
import { readChart } from './chart.ts';
import type { ChartContainer } from './chart.ts';
import { placedArgs, placedText } from './flags.ts';
import type { FlagChanges, Mounts } from './flags.ts';
import { createKeptProgram } from '../processes/kept-program.ts';
import type { KeptProgram } from '../processes/kept-program.ts';
import { asUser, imageWords, OWN_KEY, PROGRAM_WEIGHT } from './program-words.ts';
import { makeVolumes } from './volumes.ts';

export type ProgramName = 'agent' | 'reconcile' | 'server';
export const programNames: readonly ProgramName[] = ['agent', 'reconcile', 'server'];

/** A program under test, with what its chart says of it. */
export interface NodeProgram extends KeptProgram {
  readonly chart: ChartContainer;
  readonly group: Group;
}

export interface NodePrograms extends Readonly<Record<ProgramName, NodeProgram>> {
  /** Installs the rules, to the end. */
  readonly intercept: () => Promise<void>;
  /** The command by which kubelet or a person asks whether the agent is ready, in the agent's container or beside it. */
  readonly statusCommand: readonly string[];
}

export interface NodeProgramsDeps {
  /** Empty; files and sockets are put there. */
  readonly folder: string;
  /** The folder of the programs. */
  readonly bundles: string;
  readonly cgroups: Cgroups;
  readonly kubeconfig: string;
  readonly cniDirectory: string;
  /** The commands that enter the node and the server's Pod. */
  readonly enter: Readonly<Record<'node' | 'server', readonly string[]>>;
  readonly serverAddress: string;
  readonly onLine: (program: ProgramName, line: string) => void;
}

/** The bundled programs as images and charts start them, each in a control group with its chart's limit. None runs yet. */
export async function prepareNodePrograms(deps: NodeProgramsDeps): Promise<NodePrograms> {
  const { folder, bundles, cgroups, enter, onLine } = deps;
  const [agent, intercept, reconcile, server] = [
    await readChart('agent', 'agent'),
    await readChart('agent', 'intercept'),
    await readChart('agent', 'reconcile'),
    await readChart('server', 'server'),
  ];
  const mounts = await makeVolumes(deps, { agent: agent.user, server: server.user });
  const changes = changesFor(deps);
  const images = {
    agent: await imageWords(bundles, 'agent'),
    server: await imageWords(bundles, 'server'),
  };
  const compiled = { NODE_COMPILE_CACHE: join(folder, 'compiled') };

  async function prepare(name: ProgramName, chart: ChartContainer): Promise<NodeProgram> {
    const image = name === 'server' ? 'server' : 'agent';
    const memoryBytes = chart.memoryLimitBytes;
    const group = await cgroups.make({ name, memoryBytes, cpuWeight: PROGRAM_WEIGHT });
    const args = placedArgs(chart, changes[name], mounts[image]);
    const ownKey = name === 'server' ? OWN_KEY : {};
    const program = createKeptProgram({
      command: [
        ...group.enter,
        ...enter[name === 'server' ? 'server' : 'node'],
        ...asUser(chart.user),
        ...images[image].words,
        ...args,
      ],
      env: { ...images[image].env, ...compiled, ...ownKey },
      onLine: (line) => {
        onLine(name, line);
      },
    });
    return { ...program, chart, group };
  }

  return {
    agent: await prepare('agent', agent),
    reconcile: await prepare('reconcile', reconcile),
    server: await prepare('server', server),
    async intercept() {
      const args = placedArgs(intercept, changes.intercept, mounts.agent);
      await outputOf([...enter.node, ...images.agent.words, ...args]);
    },
    statusCommand: statusCommand(agent, mounts.agent, bundles),
  };
}

/** What is different from the chart's, by program. */
function changesFor({
  kubeconfig,
  serverAddress,
}: NodeProgramsDeps): Record<ProgramName | 'intercept', FlagChanges> {
  const node = { 'node-name': NODE_NAME, 'host-ip': `${NODE.ipv4},${NODE.ipv6}` };
  return {
    agent: {
      ...node,
      'server-address': `${serverAddress}:${PORTS.server}`,
      'server-name': SERVER_NAME,
      // The certificate names the node.
      'token-file': undefined,
    },
    intercept: node,
    reconcile: node,
    server: {
      kubeconfig,
      region: REGION,
      'role-base-arn': ROLE_BASE_ARN,
      'sts-endpoint': `http://127.0.0.1:${PORTS.sts}`,
      'agent-identity': 'attested',
      'status-socket': '/run/rolegate/server.sock',
    },
  };
}

/** As the probe by exec in the chart has it. */
function statusCommand({ probes }: ChartContainer, mounts: Mounts, bundles: string): readonly string[] {
  const [command] = probes.flatMap((probe) => (probe.by === 'exec' ? [probe.command] : []));
  if (command === undefined) throw new Error('the chart of the agent has no probe by exec');
  // The image has the program under this name; `status` is a bundle of its own.
  const words = command.slice(1).map((word) => placedText(word, mounts));
  return [process.execPath, '--disable-sigusr1', join(bundles, 'agent-status.cjs'), ...words];
}
