import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createCniResultsDir } from '@rolegate/testing';
import type { CniResultsDir } from '@rolegate/testing';
import { startScript } from '../processes/start-script.ts';
import { connectStandIns } from '../stand-ins/calls.ts';
import type { StandIns } from '../stand-ins/calls.ts';
import { createNamespaces } from './namespaces.ts';
import type { Namespaces } from './namespaces.ts';
import { attachPod, podAddresses } from './pod-links.ts';
import { createTopology } from './topology.ts';

export interface NetworkOptions {
  /** The prefix of the network namespaces, unique on the machine. */
  readonly name: string;
  readonly folder: string;
}

/** A node, another node and a cloud in isolated network namespaces. Needs root; closed with the stack. */
export async function openNetwork(
  { name }: Pick<NetworkOptions, 'name'>,
  stack: AsyncDisposableStack,
): Promise<Namespaces> {
  const namespaces = stack.use(createNamespaces({ prefix: name }));
  await createTopology(namespaces);
  const script = new URL('../stand-ins/cloud.ts', import.meta.url);
  stack.defer((await startScript(namespaces.enter('cloud'), script)).stop);
  return namespaces;
}

/** Stand-ins for the Kubernetes API server, STS and the container runtime of a node. */
export interface OpenStandIns {
  readonly standIns: StandIns;
  readonly cni: CniResultsDir;
  /** The kubeconfig file of the API server. */
  readonly kubeconfig: string;
}

export interface StandInsOptions {
  readonly folder: string;
  /** The command that enters their network namespace. */
  readonly enter: readonly string[];
  /** The address on which STS listens: the node's by default. */
  readonly stsHost?: string;
}

/** Starts the stand-ins; they end with the stack. */
export async function openStandIns(
  { folder, enter, stsHost }: StandInsOptions,
  stack: AsyncDisposableStack,
): Promise<OpenStandIns> {
  const socket = join(folder, 'stand-ins.sock');
  const args = stsHost === undefined ? [socket] : [socket, stsHost];
  const script = new URL('../stand-ins/stand-ins.ts', import.meta.url);
  stack.defer((await startScript(enter, script, args)).stop);
  const standIns = await connectStandIns(socket);
  stack.defer(standIns.close);
  const cni = stack.use(await createCniResultsDir());
  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(kubeconfig, String(await standIns.call({ do: 'kubeconfig' })));
  return { standIns, cni, kubeconfig };
}

/** The network with a Pod for the server and the stand-ins. */
export interface NodeNetwork extends OpenStandIns {
  readonly namespaces: Namespaces;
  /** The commands that enter the node and the server's Pod. */
  readonly enter: Readonly<Record<'node' | 'server', readonly string[]>>;
  /** The address of the server's Pod. */
  readonly serverAddress: string;
}

/** The first Pod of the node's network. */
export const SERVER_POD = { name: 'server', shape: 'calico', index: 2 } as const;

/** Does not start any Rolegate program. Closed with the stack. */
export async function openNodeNetwork(
  { name, folder }: NetworkOptions,
  stack: AsyncDisposableStack,
): Promise<NodeNetwork> {
  const namespaces = await openNetwork({ name }, stack);
  await attachPod(namespaces, SERVER_POD);
  const enter = { node: namespaces.enter('node'), server: namespaces.enter(SERVER_POD.name) };
  const opened = await openStandIns({ folder, enter: enter.server, stsHost: '127.0.0.1' }, stack);
  return { ...opened, namespaces, enter, serverAddress: podAddresses(SERVER_POD).ipv4 };
}
