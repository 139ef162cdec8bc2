import { createCniResultsDir } from '@rolegate/testing';
import { startChild } from '../../processes/start-child.ts';
import type { ClusterCalls } from '../children/cluster.ts';
import type { StsCalls } from '../children/sts.ts';
import { NAMESPACE, podIp, podUid } from '../cluster-objects.ts';
import type { BenchWorld, Running } from '../world.ts';

/** A node full of Pods, and a server that knows them. */
export interface NodeWorld {
  readonly server: Running;
  readonly cniDirectory: string;
}

/** What is opened is closed with the stack. */
export async function openNodeWorld(
  bench: BenchWorld,
  pods: number,
  stack: AsyncDisposableStack,
): Promise<NodeWorld> {
  const cluster = stack.use(
    await startChild<ClusterCalls>(new URL('../children/cluster.ts', import.meta.url)),
  );
  const sts = stack.use(await startChild<StsCalls>(new URL('../children/sts.ts', import.meta.url)));
  const cni = stack.use(await createCniResultsDir());
  for (let index = 0; index < pods; index++)
    await cni.add({
      uid: podUid(index),
      namespace: NAMESPACE,
      name: `app-${index}`,
      ips: [podIp(index)],
    });
  const kubeconfig = await bench.writeKubeconfig(
    await cluster.call.fill({ pods, nodes: 1, roles: Math.ceil(pods / 2) }),
  );
  const server = await bench.startServer({ kubeconfig, stsEndpoint: await sts.call.url(undefined) });
  stack.use(server.bundle);
  await server.bundle.untilAnswers(server.opsPort);
  return { server, cniDirectory: cni.path };
}
