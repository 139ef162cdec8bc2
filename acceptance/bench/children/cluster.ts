import { containerCredentials } from '@rolegate/protocol';
import { startKubernetesApi } from '@rolegate/testing';
import type { ClusterSize } from '../cluster-objects.ts';
import { clusterObjects, NAMESPACE } from '../cluster-objects.ts';
import { serveCalls } from '../../processes/serve-calls.ts';

const api = await startKubernetesApi({});

const calls = {
  /** Creates the objects and returns a kubeconfig. */
  fill(size: ClusterSize): string {
    for (const object of clusterObjects(size)) api.apply(object);
    // As etcd would have by now. Every watch here starts with a list.
    api.compact();
    return api.kubeconfig();
  },
  apply(object: Parameters<typeof api.apply>[0]): void {
    api.apply(object);
  },
  /** The ServiceAccount token of each of the first Pods, for container credentials. */
  podTokens(count: number): string[] {
    return Array.from({ length: count }, (_, index) =>
      api.issueToken({ pod: `${NAMESPACE}/app-${index}`, audiences: [containerCredentials.audience] }),
    );
  },
  offerStreamingList(offered: boolean): void {
    api.offerStreamingList = offered;
  },
};
export type ClusterCalls = typeof calls;
serveCalls(calls);
