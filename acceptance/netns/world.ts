import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openFolder } from '@rolegate/testing';
import type { World } from '@rolegate/testing';
import { prepareNodePrograms } from './node-programs.ts';
import type { NodePrograms } from './node-programs.ts';
import { createNodeState } from './node-state.ts';
import type { NodeState } from './node-state.ts';
import { createOtherTools } from './other-tools.ts';
import type { OtherTools } from './other-tools.ts';
import { clusterNamespaces, createPodNetwork, podCases } from './pods.ts';
import type { AttachedPod, PodNetwork } from './pods.ts';
import type { Backend } from './rules.ts';
import type { Namespaces } from '../network/namespaces.ts';
import { openNetwork, openStandIns } from '../network/node-network.ts';
import { createCluster } from '../stand-ins/cluster.ts';
import type { Cluster } from '../stand-ins/cluster.ts';

export interface WorldOptions {
  readonly backend: Backend;
  /** Of the names of all network namespaces. */
  readonly prefix: string;
  /** An interpreter with boto3. */
  readonly python: string;
}

export interface NetnsWorld extends World, WorldOptions {
  readonly namespaces: Namespaces;
  /** The command that enters the node. */
  readonly node: readonly string[];
  readonly cluster: Cluster;
  readonly programs: NodePrograms;
  readonly state: NodeState;
  readonly others: OtherTools;
  readonly network: PodNetwork;
  /** One of each case. */
  readonly pods: readonly AttachedPod[];
}

/** Network namespaces for a node with its Pods, another node and the cloud. No Rolegate program runs yet. */
export async function openWorld(options: WorldOptions): Promise<NetnsWorld> {
  await using stack = new AsyncDisposableStack();
  const folder = await openFolder('rolegate-netns-', stack);
  const namespaces = await openNetwork({ name: options.prefix }, stack);
  const node = namespaces.enter('node');
  const { standIns, cni, kubeconfig } = await openStandIns({ folder, enter: node }, stack);
  const cluster = createCluster({ standIns, cni });
  for (const [name, annotations] of Object.entries(clusterNamespaces))
    await cluster.addNamespace(name, annotations);
  const lines: World['lines'][number][] = [];
  await mkdir(join(folder, 'node'));
  const programs = await prepareNodePrograms({
    folder: join(folder, 'node'),
    kubeconfig,
    cniDirectory: cni.path,
    enter: node,
    onLine: (program, line) => lines.push({ program, line }),
  });
  const others = createOtherTools({ node, backend: options.backend });
  const state = createNodeState({ programs, others });
  // Deferred last: programs end before their namespace and folder are removed.
  stack.defer(state.stopAll);
  const network = createPodNetwork({ namespaces, cluster });
  const pods = await attachAll({ network, cluster });
  const all = stack.move();
  return {
    ...options,
    folder,
    lines,
    namespaces,
    node,
    cluster,
    programs,
    state,
    others,
    network,
    pods,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

/** Pods known to the API server also run. */
async function attachAll({ network, cluster }: Pick<NetnsWorld, 'network' | 'cluster'>) {
  const pods: AttachedPod[] = [];
  for (const podCase of podCases) {
    const attached = await network.attach(podCase);
    pods.push(attached);
    if (podCase.unknown === true) continue;
    await cluster.giveAddress(attached.pod);
    await cluster.report(attached.pod, podCase.phase);
  }
  return pods;
}
