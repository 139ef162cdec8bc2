import { openCgroups } from '../../cgroups/cgroups.ts';
import type { Cgroups } from '../../cgroups/group.ts';
import { openFolder } from '@rolegate/testing';
import { openNodeNetwork, SERVER_POD } from '../../network/node-network.ts';
import type { NodeNetwork } from '../../network/node-network.ts';
import { describeError } from '@rolegate/runtime';
import { createCluster } from '../../stand-ins/cluster.ts';
import { podAddresses } from '../../network/pod-links.ts';
import { NAMESPACE, namespaceObject, roleName } from '../cluster-objects.ts';

/** A node full of Pods. */
export interface FullNode extends NodeNetwork {
  readonly folder: string;
  /** A string says why control groups are not available. */
  readonly cgroups: Cgroups | string;
}

export interface OpenNodeOptions {
  /** Unique on the machine, for namespaces and control groups. */
  readonly name: string;
  readonly pods: number;
}

/** Needs root. Starts none of our programs. Resources are released with the stack. */
export async function openFullNode(
  { name, pods }: OpenNodeOptions,
  stack: AsyncDisposableStack,
): Promise<FullNode> {
  const folder = await openFolder('rolegate-bench-node-', stack);
  const cgroups = await openCgroups(name).catch(describeError);
  if (typeof cgroups !== 'string') stack.use(cgroups);
  const network = await openNodeNetwork({ name, folder }, stack);
  await fill(network, pods);
  return { ...network, folder, cgroups };
}

/** Creates Pods, two for each role. They send no requests and have no network interfaces. */
async function fill(deps: Pick<NodeNetwork, 'standIns' | 'cni'>, pods: number): Promise<void> {
  const cluster = createCluster(deps);
  await deps.standIns.call({ do: 'apply', object: namespaceObject });
  for (let index = 0; index < pods; index++) {
    const annotations = { 'iam.amazonaws.com/role': roleName(index % Math.ceil(pods / 2)) };
    const addresses = podAddresses({ shape: SERVER_POD.shape, index: SERVER_POD.index + 1 + index });
    const pod = cluster.pod({ name: `app-${index}`, namespace: NAMESPACE, annotations }, addresses);
    await cluster.giveAddress(pod);
    await cluster.report(pod);
  }
}
