import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCgroups } from '../../acceptance/hostile/node/cgroups.ts';
import type { Cgroups } from '../../acceptance/hostile/node/cgroups.ts';
import { describeError } from '../../packages/runtime/src/index.ts';
import { startScript } from '../../packages/sandbox/src/netns/child-script.ts';
import { createCluster } from '../../packages/sandbox/src/netns/cluster.ts';
import { createNamespaces } from '../../packages/sandbox/src/netns/namespaces.ts';
import { layPod, podAddresses } from '../../packages/sandbox/src/netns/pod-links.ts';
import { connectStandIns } from '../../packages/sandbox/src/netns/stand-in-calls.ts';
import type { StandIns } from '../../packages/sandbox/src/netns/stand-in-calls.ts';
import { layTopology } from '../../packages/sandbox/src/netns/topology.ts';
import { createCniResultsDir } from '../../packages/testing/src/index.ts';
import type { CniResultsDir } from '../../packages/testing/src/index.ts';
import { NAMESPACE, namespaceObject, roleName } from '../cluster-objects.ts';

/** A node in network namespaces that lead nowhere, its Pods, the cloud's metadata API, and stand-ins for Kubernetes and STS. */
export interface NodeNetwork {
  readonly folder: string;
  readonly enter: Readonly<Record<'node' | 'server', readonly string[]>>;
  /** The address of the server's Pod. */
  readonly serverAddress: string;
  readonly kubeconfig: string;
  readonly cniDirectory: string;
  /** A string says why there are none. */
  readonly cgroups: Cgroups | string;
}

export interface OpenNodeOptions {
  /** Of namespaces and control groups, unique on the machine. */
  readonly name: string;
  readonly pods: number;
}

const SERVER_POD = { name: 'server', shape: 'calico', index: 2 } as const;

/** Needs root. No program of the product runs yet; what is opened is closed with the stack. */
export async function openNodeNetwork(
  { name, pods }: OpenNodeOptions,
  stack: AsyncDisposableStack,
): Promise<NodeNetwork> {
  const folder = await mkdtemp(join(tmpdir(), 'rolegate-bench-node-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  // The programs are other users; what is secret has a mode of its own.
  await chmod(folder, 0o755);
  const cgroups = await openCgroups(name).catch(describeError);
  if (typeof cgroups !== 'string') stack.use(cgroups);
  const namespaces = stack.use(createNamespaces({ prefix: name }));
  await layTopology(namespaces);
  await layPod(namespaces, SERVER_POD);
  const enter = { node: namespaces.enter('node'), server: namespaces.enter(SERVER_POD.name) };
  stack.defer((await startScript(namespaces.enter('cloud'), 'cloud')).stop);
  const socket = join(folder, 'stand-ins.sock');
  stack.defer((await startScript(enter.server, 'stand-ins', [socket, '127.0.0.1'])).stop);
  const standIns = await connectStandIns(socket);
  stack.defer(standIns.close);
  const cni = stack.use(await createCniResultsDir());
  await fill({ standIns, cni }, pods);
  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(kubeconfig, String(await standIns.call({ do: 'kubeconfig' })));
  return {
    folder,
    enter,
    serverAddress: podAddresses(SERVER_POD).ipv4,
    kubeconfig,
    cniDirectory: cni.path,
    cgroups,
  };
}

/** Running Pods, two of each role, with addresses of the node's Pod network. Nobody asks from there: no links are laid. */
async function fill(deps: { standIns: StandIns; cni: CniResultsDir }, pods: number): Promise<void> {
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
