import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import type { ProgramsOptions } from '@rolegate/sandbox';
import { openFolder, startImds } from '@rolegate/testing';
import type { Step, World } from '@rolegate/testing';
import { createClusterObjects } from './cluster-objects.ts';
import type { ClusterObjects } from './cluster-objects.ts';

export interface ClusterOptions {
  /** Path of the kubeconfig. */
  readonly kubeconfig: string;
  readonly stsEndpoint: string;
  /** An interpreter with boto3. */
  readonly python: string;
  /** A command that saves and restores etcd's data. */
  readonly etcdRestore: string | undefined;
}

/** A real API server with two Nodes, an STS and a metadata API. No Rolegate program runs yet. */
export interface ClusterWorld
  extends World, ClusterOptions, Pick<ProgramsOptions, 'imdsEndpoint' | 'onAgentLine' | 'onServerLine'> {
  readonly kubeConfig: KubeConfig;
  readonly objects: ClusterObjects;
  /** Suffix of names, unique to the run. */
  readonly run: string;
  readonly node: string;
  readonly otherNode: string;
  /** Closed with the world. */
  readonly stack: AsyncDisposableStack;
}

export type ClusterStep = Step<ClusterWorld>;

export async function openWorld(options: ClusterOptions): Promise<ClusterWorld> {
  await using stack = new AsyncDisposableStack();
  const folder = await openFolder('rolegate-real-', stack);
  const imds = await startImds({});
  stack.defer(() => imds.close());
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromFile(options.kubeconfig);
  const run = Date.now().toString(36);
  const objects = createClusterObjects({ core: kubeConfig.makeApiClient(CoreV1Api), run });
  stack.defer(() => objects.remove());
  const [node, otherNode] = [await objects.node('rolegate-a'), await objects.node('rolegate-b')];
  const lines: World['lines'][number][] = [];
  const all = stack.move();
  return {
    ...options,
    folder,
    lines,
    kubeConfig,
    objects,
    run,
    node,
    otherNode,
    stack: all,
    imdsEndpoint: imds.url,
    onAgentLine: (line) => {
      lines.push({ program: 'agent', line });
    },
    onServerLine: (line) => {
      lines.push({ program: 'server', line });
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
