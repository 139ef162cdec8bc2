import type { Cluster, ClusterPod } from '../stand-ins/cluster.ts';
import type { Namespaces } from '../network/namespaces.ts';
import { attachPod, detachPod, podAddresses } from '../network/pod-links.ts';
import type { PodCase } from './pods.ts';

/** A Pod that has its network. */
export interface AttachedPod {
  readonly podCase: PodCase;
  readonly pod: ClusterPod;
  /** The command that enters its namespace. */
  readonly enter: readonly string[];
  readonly detach: () => Promise<void>;
}

export interface PodNetwork {
  /** The Pod's namespace and link, and the Pod as its node's cluster knows it: nowhere yet. */
  readonly attach: (podCase: PodCase) => Promise<AttachedPod>;
}

/** Gives every Pod a namespace and addresses of its own. */
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
