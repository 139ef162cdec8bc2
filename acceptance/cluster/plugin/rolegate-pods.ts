import { CoreV1Api, PatchStrategy, setHeaderOptions } from '@kubernetes/client-node';
import type { ClusterWorld } from '../world.ts';
import { startStandInKubelet } from './stand-in-kubelet.ts';

const MERGE = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);

/** An agent and a server that run, for the API server, and a Pod beside them. */
export interface PluginPods {
  /** Of the agent and the server. */
  readonly namespace: string;
  /** NAMESPACE/NAME of the Pod. */
  readonly pod: string;
  /** Before each trial: the node is ready, which counts for 40 s, and the Pod is not revoked. */
  prepare(): Promise<void>;
}

export async function createRolegatePods(
  { kubeConfig, objects, node }: ClusterWorld,
  stack: AsyncDisposableStack,
): Promise<PluginPods> {
  const core = kubeConfig.makeApiClient(CoreV1Api);
  const kubelet = stack.use(await startStandInKubelet(logText));
  const namespace = await objects.namespace('rolegate-plugin');
  const shop = await objects.namespace('rolegate-shop');
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
  const pod = await objects.pod({ namespace: shop, name: 'cart-0', node, ip: '' });
  return {
    namespace,
    pod: `${pod.namespace}/${pod.name}`,
    async prepare() {
      await core.patchNodeStatus({ name: node, body: { status: readyStatus(kubelet.port) } }, MERGE);
      await objects.annotatePod(pod, { 'iam.amazonaws.com/role': null, 'rolegate.dev/metadata': null });
    },
  };
}

function readyStatus(kubeletPort: number) {
  return {
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    daemonEndpoints: { kubeletEndpoint: { Port: kubeletPort } },
    conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: new Date() }],
  };
}

/** What the kubelet has of each container. */
function logText(): string {
  const refusal = {
    level: 'info',
    msg: 'request refused',
    namespace: 'shop',
    pod: 'cart-0',
    reason: 'NoRole',
  };
  return `${new Date().toISOString()} ${JSON.stringify(refusal)}\n`;
}
