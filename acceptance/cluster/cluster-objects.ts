import type { CoreV1Api, V1Pod } from '@kubernetes/client-node';
import { PatchStrategy, setHeaderOptions } from '@kubernetes/client-node';
import { eventually } from '@rolegate/testing';

export interface RealPod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly ip: string;
}

export interface PodOptions {
  readonly namespace: string;
  readonly name: string;
  readonly node: string;
  readonly ip: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly serviceAccount?: string;
  readonly hostNetwork?: true;
}

/** Time for the cluster to create a Namespace's default ServiceAccount. */
const SERVICE_ACCOUNT = { withinMs: 30_000, everyMs: 100 };

const MERGE = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);

export interface ClusterObjectsDeps {
  readonly core: CoreV1Api;
  /** Suffix of all names, unique to the run. */
  readonly run: string;
}

/** Creates and removes the objects of one run in a real cluster. */
export function createClusterObjects(deps: ClusterObjectsDeps) {
  const { core } = deps;
  const { removeNodes, ...nodes } = createNodes(deps);
  const { removeNamespaces, ...namespaces } = createNamespaces(deps);
  const { removePods, ...pods } = createPods(deps);
  return {
    ...nodes,
    ...namespaces,
    ...pods,
    events: async (namespace: string) => (await core.listNamespacedEvent({ namespace })).items,
    /** Removes everything that was created here and still exists. */
    async remove(): Promise<void> {
      await removePods();
      await removeNamespaces();
      await removeNodes();
    },
  };
}

function createNodes({ core, run }: ClusterObjectsDeps) {
  const nodes: string[] = [];
  return {
    /** Creates a Node without a kubelet. */
    async node(name: string): Promise<string> {
      const full = `${name}-${run}`;
      nodes.push(full);
      await core.createNode({ body: { metadata: { name: full } } });
      return full;
    },
    /** Creates a ready Node with free capacity, so that Pods are scheduled to it. */
    async readyNode(
      name: string,
      labels: Readonly<Record<string, string>>,
    ): Promise<{ readonly name: string; readonly uid: string }> {
      const full = `${name}-${run}`;
      nodes.push(full);
      const { metadata } = await core.createNode({
        body: { metadata: { name: full, labels: { ...labels } } },
      });
      const room = { cpu: '4', memory: '8Gi', pods: '110' };
      const ready = { type: 'Ready', status: 'True', lastHeartbeatTime: new Date() };
      await core.patchNodeStatus(
        { name: full, body: { status: { capacity: room, allocatable: room, conditions: [ready] } } },
        MERGE,
      );
      return { name: full, uid: metadata?.uid ?? '' };
    },
    removeNodes: async (): Promise<void> => {
      await Promise.allSettled(nodes.map((name) => core.deleteNode({ name })));
    },
  };
}

function createNamespaces({ core, run }: ClusterObjectsDeps) {
  const namespaces: string[] = [];
  return {
    /** Creates a Namespace that enforces a Pod Security level. */
    async namespaceOfLevel(name: string, level: string): Promise<string> {
      const full = `${name}-${run}`;
      namespaces.push(full);
      const labels = { 'pod-security.kubernetes.io/enforce': level };
      await core.createNamespace({ body: { metadata: { name: full, labels } } });
      await untilAccount(core, full);
      return full;
    },
    async namespace(
      name: string,
      annotations: Readonly<Record<string, string>> = {},
      labels: Readonly<Record<string, string>> = {},
    ): Promise<string> {
      const full = `${name}-${run}`;
      namespaces.push(full);
      await core.createNamespace({ body: { metadata: { name: full, annotations, labels } } });
      await untilAccount(core, full);
      return full;
    },
    annotateNamespace: (name: string, annotations: Readonly<Record<string, string | null>>) =>
      core.patchNamespace({ name, body: { metadata: { annotations } } }, MERGE),
    serviceAccount: (namespace: string, name: string, annotations: Readonly<Record<string, string>>) =>
      core.createNamespacedServiceAccount({ namespace, body: { metadata: { name, annotations } } }),
    removeNamespaces: async (): Promise<void> => {
      await Promise.allSettled(namespaces.map((name) => core.deleteNamespace({ name })));
    },
  };
}

async function untilAccount(core: CoreV1Api, namespace: string): Promise<void> {
  await eventually(
    () => core.readNamespacedServiceAccount({ namespace, name: 'default' }),
    SERVICE_ACCOUNT,
  ).catch((error: unknown) => {
    throw new Error(`ServiceAccount ${namespace}/default was not created`, { cause: error });
  });
}

function createPods({ core }: ClusterObjectsDeps) {
  const pods = new Map<string, RealPod>();
  return {
    annotatePod: ({ namespace, name }: RealPod, annotations: Readonly<Record<string, string | null>>) =>
      core.patchNamespacedPod({ namespace, name, body: { metadata: { annotations } } }, MERGE),
    /** Creates a Pod that is bound to the node but has no address yet. */
    async pod({
      namespace,
      name,
      node,
      ip,
      annotations = {},
      serviceAccount: account = 'default',
      hostNetwork,
    }: PodOptions): Promise<RealPod> {
      const body: V1Pod = {
        metadata: { name, annotations: { ...annotations } },
        spec: {
          nodeName: node,
          serviceAccountName: account,
          ...(hostNetwork && { hostNetwork }),
          terminationGracePeriodSeconds: 0,
          containers: [{ name: 'app', image: 'example.invalid/app' }],
        },
      };
      const { metadata } = await core.createNamespacedPod({ namespace, body });
      const pod = { namespace, name, uid: metadata?.uid ?? '', ip };
      pods.set(pod.uid, pod);
      return pod;
    },
    /** Reports the status of a Pod with running containers, as a kubelet does. */
    reportRunning: ({ namespace, name, ip }: RealPod) =>
      core.patchNamespacedPodStatus(
        { namespace, name, body: { status: { phase: 'Running', podIP: ip, podIPs: [{ ip }] } } },
        MERGE,
      ),
    async deletePod({ namespace, name, uid }: RealPod): Promise<void> {
      pods.delete(uid);
      await core.deleteNamespacedPod({ namespace, name, gracePeriodSeconds: 0 });
    },
    removePods: async (): Promise<void> => {
      const rest = [...pods.values()].map(({ namespace, name }) =>
        core.deleteNamespacedPod({ namespace, name, gracePeriodSeconds: 0 }),
      );
      await Promise.allSettled(rest);
    },
  };
}

export type ClusterObjects = ReturnType<typeof createClusterObjects>;
