import type { CoreV1Api, V1Pod } from '@kubernetes/client-node';
import { PatchStrategy, setHeaderOptions } from '@kubernetes/client-node';
import { eventually } from '@rolegate/testing';

export interface RealPod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly ip: string;
}

export interface PodWish {
  readonly namespace: string;
  readonly name: string;
  readonly node: string;
  readonly ip: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly serviceAccount?: string;
}

/** How long the cluster may take to make a Namespace's default ServiceAccount. */
const SERVICE_ACCOUNT = { withinMs: 30_000, everyMs: 100 };

const MERGE = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);

export interface ClusterObjectsDeps {
  readonly core: CoreV1Api;
  /** Everything is named after it, so that runs do not meet. */
  readonly run: string;
}

/** Makes and removes the objects of one test in a real cluster. */
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
    /** Removes everything made here; what is gone already does not matter. */
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
    /** A Node object; no kubelet stands behind it. */
    async node(name: string): Promise<string> {
      const full = `${name}-${run}`;
      nodes.push(full);
      await core.createNode({ body: { metadata: { name: full } } });
      return full;
    },
    /** One that is ready and has room, so that controllers place their Pods there. */
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
    /** One that lets in Pods of a level of Pod Security, or stricter. */
    async namespaceOfLevel(name: string, level: string): Promise<string> {
      const full = `${name}-${run}`;
      namespaces.push(full);
      const labels = { 'pod-security.kubernetes.io/enforce': level };
      await core.createNamespace({ body: { metadata: { name: full, labels } } });
      await untilAccount(core, full);
      return full;
    },
    async namespace(name: string, annotations: Readonly<Record<string, string>> = {}): Promise<string> {
      const full = `${name}-${run}`;
      namespaces.push(full);
      await core.createNamespace({ body: { metadata: { name: full, annotations } } });
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

/** The cluster makes the default ServiceAccount of a Namespace. */
async function untilAccount(core: CoreV1Api, namespace: string): Promise<void> {
  await eventually(
    () => core.readNamespacedServiceAccount({ namespace, name: 'default' }),
    SERVICE_ACCOUNT,
  ).catch((error: unknown) => {
    throw new Error(`ServiceAccount ${namespace}/default was not made`, { cause: error });
  });
}

function createPods({ core }: ClusterObjectsDeps) {
  const pods = new Map<string, RealPod>();
  return {
    annotatePod: ({ namespace, name }: RealPod, annotations: Readonly<Record<string, string | null>>) =>
      core.patchNamespacedPod({ namespace, name, body: { metadata: { annotations } } }, MERGE),
    /** A Pod bound to the node, as after scheduling; it has no address yet. */
    async pod({
      namespace,
      name,
      node,
      ip,
      annotations = {},
      serviceAccount: account = 'default',
    }: PodWish): Promise<RealPod> {
      const body: V1Pod = {
        metadata: { name, annotations: { ...annotations } },
        spec: {
          nodeName: node,
          serviceAccountName: account,
          terminationGracePeriodSeconds: 0,
          containers: [{ name: 'app', image: 'example.invalid/app' }],
        },
      };
      const { metadata } = await core.createNamespacedPod({ namespace, body });
      const pod = { namespace, name, uid: metadata?.uid ?? '', ip };
      pods.set(pod.uid, pod);
      return pod;
    },
    /** What a kubelet reports once the containers run. */
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
