import type { Namespaces } from '../network/namespaces.ts';
import { attachPod, detachPod, podAddresses } from '../network/pod-links.ts';
import type { Shape } from '../network/pod-links.ts';
import type { Cluster, ClusterPod } from '../stand-ins/cluster.ts';

const ROLE = 'iam.amazonaws.com/role';

/** Namespaces of the cluster by name, with their annotations. */
export const clusterNamespaces: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  open: { 'iam.amazonaws.com/permitted': 'team/.*' },
  closed: {},
};

/** The answer of the role list while the system is up. */
export type Listed = { readonly role: string } | 'refused';

/** A Pod as the API server and the container runtime know it. */
export interface PodCase {
  readonly name: string;
  readonly shape: Shape;
  readonly namespace: string;
  readonly annotations: Readonly<Record<string, string>>;
  /** True: neither the API server nor the runtime knows the Pod. */
  readonly unknown?: boolean;
  readonly phase?: 'Running' | 'Succeeded';
  readonly listed: Listed;
}

const app = { namespace: 'open', annotations: { [ROLE]: 'team/app' }, listed: { role: 'team/app' } };

/** The Pods that send requests in every situation. */
export const podCases: readonly PodCase[] = [
  { name: 'permitted', shape: 'calico', ...app },
  { name: 'permitted-eni', shape: 'eni', ...app },
  { name: 'permitted-bridge', shape: 'bridge', ...app },
  { name: 'unannotated', shape: 'calico', namespace: 'open', annotations: {}, listed: 'refused' },
  // The list names the requested role; the credentials are refused (DESIGN.md 4.2).
  { ...app, name: 'wrong-namespace', shape: 'eni', namespace: 'closed' },
  { ...app, name: 'unknown', shape: 'bridge', unknown: true, listed: 'refused' },
  { ...app, name: 'terminated', shape: 'calico', phase: 'Succeeded', listed: 'refused' },
  {
    name: 'no-metadata',
    shape: 'bridge',
    namespace: 'open',
    annotations: { [ROLE]: 'team/app', 'rolegate.dev/metadata': 'deny' },
    listed: 'refused',
  },
];

/** A Pod with a network namespace. */
export interface AttachedPod {
  readonly podCase: PodCase;
  readonly pod: ClusterPod;
  /** The command that enters its namespace. */
  readonly enter: readonly string[];
  readonly detach: () => Promise<void>;
}

export interface PodNetwork {
  /** Creates the Pod's namespace and link. Neither the API server nor the runtime knows the Pod yet. */
  readonly attach: (podCase: PodCase) => Promise<AttachedPod>;
}

/** Gives each Pod a network namespace and addresses. */
export function createPodNetwork({
  namespaces,
  cluster,
}: {
  namespaces: Namespaces;
  cluster: Cluster;
}): PodNetwork {
  let attached = 0;
  return {
    async attach(podCase) {
      const index = ++attached + 1;
      const link = { name: `p${index}`, index, shape: podCase.shape };
      await attachPod(namespaces, link);
      return {
        podCase,
        pod: cluster.pod(podCase, podAddresses(link)),
        enter: namespaces.enter(link.name),
        detach: () => detachPod(namespaces, link),
      };
    },
  };
}
