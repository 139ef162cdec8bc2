import { CoreV1Api, PatchStrategy, setHeaderOptions } from '@kubernetes/client-node';
import type { ClusterWorld } from '../world.ts';
import { startStandInKubelet } from './stand-in-kubelet.ts';

const MERGE = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);
/** What the kubelet has of each container. */
const LOG = `${new Date().toISOString()} {"level":"info","msg":"request refused","namespace":"shop","pod":"cart-0","reason":"NoRole"}\n`;

/** Creates a Namespace with an agent and a server that are running for the API server. Returns its name. */
export async function createRolegatePods(
  { kubeConfig, objects, node }: ClusterWorld,
  stack: AsyncDisposableStack,
): Promise<string> {
  const core = kubeConfig.makeApiClient(CoreV1Api);
  const kubelet = stack.use(await startStandInKubelet(LOG));
  const namespace = await objects.namespace('rolegate-plugin');
  await core.patchNodeStatus(
    {
      name: node,
      body: {
        status: {
          addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
          daemonEndpoints: { kubeletEndpoint: { Port: kubelet.port } },
        },
      },
    },
    MERGE,
  );
  for (const component of ['agent', 'server']) {
    const name = `rolegate-${component}`;
    const labels = { 'app.kubernetes.io/part-of': 'rolegate', 'app.kubernetes.io/component': component };
    const spec = {
      nodeName: node,
      terminationGracePeriodSeconds: 0,
      containers: [{ name: component, image: 'example.invalid/rolegate' }],
    };
    await core.createNamespacedPod({ namespace, body: { metadata: { name, labels }, spec } });
    await core.patchNamespacedPodStatus({ namespace, name, body: { status: { phase: 'Running' } } }, MERGE);
  }
  return namespace;
}
