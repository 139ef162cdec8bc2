import { randomUUID } from 'node:crypto';
import type { CniResultsDir } from '@rolegate/testing';
import type { Addresses } from '../network/addresses.ts';
import type { StandIns } from './calls.ts';

export const NODE_NAME = 'netns-node';

/** A Pod on the node. */
export interface ClusterPod {
  readonly name: string;
  readonly namespace: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly uid: string;
  readonly addresses: Addresses;
  /** True: it has the node's network namespace and addresses. */
  readonly hostNetwork?: boolean;
}

const addressesOf = ({ addresses: { ipv4, ipv6 } }: Pick<ClusterPod, 'addresses'>) => [ipv4, ipv6];

/** Acts as scheduler, kubelet and container runtime. */
export function createCluster({ standIns, cni }: { standIns: StandIns; cni: CniResultsDir }) {
  const results = new Map<string, string>();

  async function apply(
    { name, namespace, annotations, uid, hostNetwork = false }: ClusterPod,
    status: object,
  ): Promise<void> {
    await standIns.call({
      do: 'apply',
      object: {
        kind: 'Pod',
        metadata: { name, namespace, uid, annotations },
        spec: { serviceAccountName: 'default', nodeName: NODE_NAME, hostNetwork },
        status,
      },
    });
  }

  return {
    async addNamespace(name: string, annotations: Readonly<Record<string, string>>): Promise<void> {
      await standIns.call({ do: 'apply', object: { kind: 'Namespace', metadata: { name, annotations } } });
    },
    pod: (
      { name, namespace, annotations, hostNetwork = false }: Omit<ClusterPod, 'uid' | 'addresses'>,
      addresses: Addresses,
    ): ClusterPod => ({
      name,
      namespace,
      annotations,
      addresses,
      hostNetwork,
      uid: randomUUID(),
    }),
    /** Binds the Pod to the node. No container runs yet, and no address is known. */
    schedule: (pod: ClusterPod) => apply(pod, { phase: 'Pending' }),
    /** Writes the CNI result, as the runtime does before a container starts. */
    async giveAddress({ uid, namespace, name, addresses }: ClusterPod): Promise<void> {
      results.set(uid, await cni.add({ uid, namespace, name, ips: addressesOf({ addresses }) }));
    },
    async takeAddress({ uid }: ClusterPod): Promise<void> {
      const path = results.get(uid);
      if (path !== undefined) await cni.remove(path);
    },
    /** Reports the Pod's status, as the kubelet does. */
    report: (pod: ClusterPod, phase: 'Running' | 'Succeeded' = 'Running') =>
      apply(pod, {
        phase,
        podIP: pod.addresses.ipv4,
        podIPs: addressesOf(pod).map((ip) => ({ ip })),
      }),
    /**
     * A ServiceAccount token of the Pod for container credentials, as the kubelet projects it. `unpublished`: signed by a key that
     * nobody knows, so that only a review accepts it.
     */
    token: async (
      { namespace, name }: ClusterPod,
      { unpublished = false }: { readonly unpublished?: boolean } = {},
    ) => String(await standIns.call({ do: 'token', namespace, name, unpublished })),
    async delete({ namespace, name }: ClusterPod): Promise<void> {
      await standIns.call({ do: 'delete', kind: 'Pod', namespace, name });
    },
  };
}

export type Cluster = ReturnType<typeof createCluster>;
