import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCniResultsDir } from '@rolegate/testing';
import { startScript } from './child-script.ts';
import { createCluster } from './cluster.ts';
import type { Cluster } from './cluster.ts';
import { createNamespaces } from './namespaces.ts';
import type { Namespaces } from './namespaces.ts';
import { prepareNodePrograms } from './node-programs.ts';
import type { NodePrograms, ProgramName } from './node-programs.ts';
import { createPodYard } from './pod-yard.ts';
import type { PodYard } from './pod-yard.ts';
import type { Backend } from './rules.ts';
import { connectStandIns } from './stand-in-calls.ts';
import { layTopology } from './topology.ts';

export interface WorldOptions {
  readonly backend: Backend;
  /** Of all namespaces. */
  readonly prefix: string;
  /** Has boto3. */
  readonly python: string;
}

export interface World extends AsyncDisposable, WorldOptions {
  readonly namespaces: Namespaces;
  /** The command that enters the node. */
  readonly node: readonly string[];
  readonly cluster: Cluster;
  readonly programs: NodePrograms;
  readonly pods: PodYard;
  /** Everything that the programs wrote. */
  readonly lines: readonly { readonly program: ProgramName; readonly line: string }[];
}

/** Namespaces for a node, another node and the cloud, with everything in them but the programs and the Pods. */
export async function openWorld(options: WorldOptions): Promise<World> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'rolegate-netns-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  // The agent is another user; what is secret has a mode of its own.
  await chmod(folder, 0o755);
  const namespaces = stack.use(createNamespaces({ prefix: options.prefix }));
  await layTopology(namespaces);
  const node = namespaces.enter('node');
  stack.defer((await startScript(namespaces.enter('cloud'), 'cloud')).stop);
  const socket = join(folder, 'stand-ins.sock');
  stack.defer((await startScript(node, 'stand-ins', [socket])).stop);
  const standIns = await connectStandIns(socket);
  stack.defer(standIns.close);
  const cni = stack.use(await createCniResultsDir());
  const cluster = createCluster({ standIns, cni });
  await cluster.begin();
  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(kubeconfig, String(await standIns.call({ do: 'kubeconfig' })));
  const lines: World['lines'][number][] = [];
  await mkdir(join(folder, 'node'));
  const programs = await prepareNodePrograms({
    folder: join(folder, 'node'),
    kubeconfig,
    cniDirectory: cni.path,
    enter: node,
    onLine: (program, line) => lines.push({ program, line }),
  });
  const all = stack.move();
  return {
    ...options,
    namespaces,
    node,
    cluster,
    programs,
    lines,
    pods: createPodYard({ namespaces, cluster }),
    // In this order: what runs in a namespace ends before its folder goes.
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
