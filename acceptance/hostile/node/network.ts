import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCniResultsDir } from '@rolegate/testing';
import type { CniResultsDir } from '@rolegate/testing';
import { startScript } from '../../netns/child-script.ts';
import { createNamespaces } from '../../netns/namespaces.ts';
import type { Namespaces } from '../../netns/namespaces.ts';
import { attachPod, podAddresses } from '../../netns/pod-links.ts';
import { connectStandIns } from '../../netns/stand-in-calls.ts';
import type { StandIns } from '../../netns/stand-in-calls.ts';
import { createTopology } from '../../netns/topology.ts';

/** A node in network namespaces that lead nowhere, a Pod for the server, and stand-ins for the cloud, Kubernetes and STS. */
export interface NodeNetwork {
  readonly namespaces: Namespaces;
  /** The commands that enter the node, and the server's Pod. */
  readonly enter: Readonly<Record<'node' | 'server', readonly string[]>>;
  /** Of the server's Pod. */
  readonly serverAddress: string;
  readonly standIns: StandIns;
  readonly cni: CniResultsDir;
  readonly kubeconfig: string;
}

/** The first Pod of the node's network. */
export const SERVER_POD = { name: 'server', shape: 'calico', index: 2 } as const;

/** A folder that all users can read, removed with the stack. What is secret in it has a mode of its own. */
export async function openFolder(prefix: string, stack: AsyncDisposableStack): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), prefix));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  await chmod(folder, 0o755);
  return folder;
}

/** Needs root. No program of the product runs yet; what is opened is closed with the stack. `name`: of the namespaces. */
export async function openNodeNetwork(
  { name, folder }: { readonly name: string; readonly folder: string },
  stack: AsyncDisposableStack,
): Promise<NodeNetwork> {
  const namespaces = stack.use(createNamespaces({ prefix: name }));
  await createTopology(namespaces);
  await attachPod(namespaces, SERVER_POD);
  const enter = { node: namespaces.enter('node'), server: namespaces.enter(SERVER_POD.name) };
  stack.defer((await startScript(namespaces.enter('cloud'), 'cloud')).stop);
  const socket = join(folder, 'stand-ins.sock');
  stack.defer((await startScript(enter.server, 'stand-ins', [socket, '127.0.0.1'])).stop);
  const standIns = await connectStandIns(socket);
  stack.defer(standIns.close);
  const cni = stack.use(await createCniResultsDir());
  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(kubeconfig, String(await standIns.call({ do: 'kubeconfig' })));
  return { namespaces, enter, serverAddress: podAddresses(SERVER_POD).ipv4, standIns, cni, kubeconfig };
}
