import type { CoreV1Api, V1Pod } from '@kubernetes/client-node';
import { PatchStrategy, setHeaderOptions } from '@kubernetes/client-node';

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
const SERVICE_ACCOUNT_WITHIN_MS = 30_000;

/** Makes and removes the objects of one test in a real cluster. Everything is named after `run`, so that runs do not meet. */
export function createClusterObjects({ core, run }: { core: CoreV1Api; run: string }) {
  const namespaces: string[] = [];
  const nodes: string[] = [];
  const pods = new Map<string, RealPod>();

  async function serviceAccount(namespace: string, name: string): Promise<void> {
    const deadline = Date.now() + SERVICE_ACCOUNT_WITHIN_MS;
    for (;;) {
      try {
        await core.readNamespacedServiceAccount({ namespace, name });
        return;
      } catch (error) {
        if (Date.now() > deadline)
          throw new Error(`ServiceAccount ${namespace}/${name} was not made`, { cause: error });
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }

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
        setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
      );
      return { name: full, uid: metadata?.uid ?? '' };
    },
    /** One that lets in Pods of a level of Pod Security, or stricter. */
    async namespaceOfLevel(name: string, level: string): Promise<string> {
      const full = `${name}-${run}`;
      namespaces.push(full);
      const labels = { 'pod-security.kubernetes.io/enforce': level };
      await core.createNamespace({ body: { metadata: { name: full, labels } } });
      await serviceAccount(full, 'default');
      return full;
    },
    async namespace(name: string, annotations: Readonly<Record<string, string>> = {}): Promise<string> {
      const full = `${name}-${run}`;
      namespaces.push(full);
      await core.createNamespace({ body: { metadata: { name: full, annotations } } });
      await serviceAccount(full, 'default');
      return full;
    },
    annotateNamespace: (name: string, annotations: Readonly<Record<string, string | null>>) =>
      core.patchNamespace(
        { name, body: { metadata: { annotations } } },
        setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
      ),
    annotatePod: ({ namespace, name }: RealPod, annotations: Readonly<Record<string, string | null>>) =>
      core.patchNamespacedPod(
        { namespace, name, body: { metadata: { annotations } } },
        setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
      ),
    serviceAccount: (namespace: string, name: string, annotations: Readonly<Record<string, string>>) =>
      core.createNamespacedServiceAccount({ namespace, body: { metadata: { name, annotations } } }),
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
        setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
      ),
    async deletePod({ namespace, name, uid }: RealPod): Promise<void> {
      pods.delete(uid);
      await core.deleteNamespacedPod({ namespace, name, gracePeriodSeconds: 0 });
    },
    events: async (namespace: string) => (await core.listNamespacedEvent({ namespace })).items,
    /** Removes everything made here; what is gone already does not matter. */
    async remove(): Promise<void> {
      const rest = [...pods.values()].map(({ namespace, name }) =>
        core.deleteNamespacedPod({ namespace, name, gracePeriodSeconds: 0 }),
      );
      await Promise.allSettled(rest);
      await Promise.allSettled(namespaces.map((name) => core.deleteNamespace({ name })));
      await Promise.allSettled(nodes.map((name) => core.deleteNode({ name })));
    },
  };
}

export type ClusterObjects = ReturnType<typeof createClusterObjects>;
