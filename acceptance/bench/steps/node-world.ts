import { createCniResultsDir } from '@rolegate/testing';
import { NAMESPACE, podIp, podUid } from '../cluster-objects.ts';
import type { BenchWorld, Running } from '../world.ts';
import { startStandIns } from './stand-ins.ts';
import type { StandIns } from './stand-ins.ts';

/** A server with a node full of Pods. */
export interface NodeWorld {
  readonly server: Running;
  readonly cluster: StandIns['cluster'];
  readonly cniDirectory: string;
}

/** Resources are released with the stack. */
export async function openNodeWorld(
  bench: BenchWorld,
  pods: number,
  stack: AsyncDisposableStack,
): Promise<NodeWorld> {
  const cni = stack.use(await createCniResultsDir());
  for (let index = 0; index < pods; index++)
    await cni.add({
      uid: podUid(index),
      namespace: NAMESPACE,
      name: `app-${index}`,
      ips: [podIp(index)],
    });
  const size = { pods, nodes: 1, roles: Math.ceil(pods / 2) };
  const { cluster, kubeconfig, stsEndpoint } = await startStandIns(bench, size, stack);
  const server = await bench.startServer({ kubeconfig, stsEndpoint });
  stack.use(server.bundle);
  await server.bundle.untilAnswers(server.opsPort);
  return { server, cluster, cniDirectory: cni.path };
}
