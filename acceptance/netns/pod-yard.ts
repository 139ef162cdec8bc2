import type { Cluster, ClusterPod } from './cluster.ts';
import type { Namespaces } from './namespaces.ts';
import { layPod, podAddresses, unlayPod } from './pod-links.ts';
import type { PodCase } from './pods.ts';

/** A Pod that has its network. */
export interface LaidPod {
  readonly of: PodCase;
  readonly pod: ClusterPod;
  /** The command that enters its namespace. */
  readonly enter: readonly string[];
  readonly remove: () => Promise<void>;
}

export interface PodYard {
  /** The Pod's namespace and link, and the Pod as its node's cluster knows it: nowhere yet. */
  readonly lay: (of: PodCase) => Promise<LaidPod>;
}

/** Gives every Pod a namespace and addresses of its own. */
export function createPodYard({
  namespaces,
  cluster,
}: {
  namespaces: Namespaces;
  cluster: Cluster;
}): PodYard {
  let laid = 0;
  return {
    async lay(of) {
      const index = ++laid + 1;
      const link = { name: `p${index}`, index, shape: of.shape };
      await layPod(namespaces, link);
      const pod = cluster.pod(of, podAddresses(link));
      return { of, pod, enter: namespaces.enter(link.name), remove: () => unlayPod(namespaces, link) };
    },
  };
}
