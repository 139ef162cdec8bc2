import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { CniResultsDir, World } from '@rolegate/testing';
import { createCluster } from '../../stand-ins/cluster.ts';
import type { Cluster } from '../../stand-ins/cluster.ts';
import type { StandIns } from '../../stand-ins/calls.ts';
import type { Namespaces } from '../../network/namespaces.ts';
import { openCgroups } from '../../cgroups/cgroups.ts';
import type { Cgroups, Group } from '../../cgroups/group.ts';
import { openFolder } from '@rolegate/testing';
import { openNodeNetwork } from '../../network/node-network.ts';
import { prepareNodePrograms } from '../../chart-programs/node-programs.ts';
import type { NodePrograms } from '../../chart-programs/node-programs.ts';
import { attachPods } from './pods.ts';
import type { NodePods } from './pods.ts';

/** A node with Pods, the server in a Pod, another node, and the programs with the limits of their charts. */
export interface HostileNode extends World {
  readonly namespaces: Namespaces;
  readonly cluster: Cluster;
  readonly cni: CniResultsDir;
  readonly standIns: Pick<StandIns, 'call'>;
  readonly pods: NodePods;
  readonly programs: NodePrograms;
  /** The address of the server's Pod. */
  readonly serverAddress: string;
  readonly cgroups: Pick<Cgroups, 'countsSockets'>;
  /** Control groups for attackers and for what measures. */
  readonly groups: Readonly<Record<'attackers' | 'watchers', Group>>;
}

/** Limit for kept log lines. */
const MOST_LINES = 100_000;
/** Does not starve the machine. */
const ATTACKERS = { name: 'attackers', memoryBytes: 2 ** 30, cpuWeight: 25 };
/** tcp_wmem of attackers' sockets (minimum, default, maximum), because version 1 does not count them against a limit. */
const MOST_UNSENT = '4096 16384 262144';
const WATCHERS = { name: 'watchers', memoryBytes: 2 ** 31, cpuWeight: 400 };

export interface OpenNodeOptions {
  /** Name of namespaces and control groups, unique on the machine. */
  readonly name: string;
  /** The folder with the bundled programs. */
  readonly bundles: string;
}

/** Does not start the programs. */
export async function openNode({ name, bundles }: OpenNodeOptions): Promise<HostileNode> {
  await using stack = new AsyncDisposableStack();
  const folder = await openFolder('rolegate-hostile-', stack);
  const cgroups = stack.use(await openCgroups(name));
  const network = await openNodeNetwork({ name, folder }, stack);
  const { namespaces, enter, serverAddress, standIns, cni, kubeconfig } = network;
  const cluster = createCluster({ standIns, cni });
  const lines: World['lines'][number][] = [];
  await mkdir(join(folder, 'programs'));
  const programs = await prepareNodePrograms({
    folder: join(folder, 'programs'),
    bundles,
    cgroups,
    kubeconfig,
    cniDirectory: cni.path,
    enter,
    serverAddress,
    containerCredentials: true,
    onLine(program, line) {
      if (lines.length < MOST_LINES) lines.push({ program, line });
    },
  });
  const pods = await attachPods({ namespaces, cluster, standIns });
  for (const attackers of ['attacker', 'sixteen', 'other-node'])
    await namespaces.sysctl(attackers, { 'ipv4/tcp_wmem': MOST_UNSENT });
  const groups = { attackers: await cgroups.make(ATTACKERS), watchers: await cgroups.make(WATCHERS) };
  const all = stack.move();
  return {
    folder,
    lines,
    namespaces,
    cluster,
    cni,
    standIns,
    pods,
    programs,
    serverAddress,
    cgroups,
    groups,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
