import { valueOf } from '../../answers/answer.ts';
import type { Cluster } from '../cluster.ts';
import type { Finding } from '../finding.ts';

/** Whether agents know the owners of addresses from CNI results. */
export function checkAddresses({ agents }: Cluster): readonly Finding[] {
  return agents.flatMap(({ node, status }): Finding[] => {
    const addresses = valueOf(status)?.addresses;
    if (addresses?.source !== 'pod-status') return [];
    const { directories, awaited } = addresses;
    const states = Object.entries(directories).map(([directory, state]) => `${directory} is ${state}`);
    const isRead = Object.values(directories).includes('ok');
    return [
      {
        severity: 'warning',
        check: 'addresses',
        node,
        what: isRead
          ? 'the CNI results name none of the running Pods: first requests wait for the Pod status'
          : 'no CNI results directory can be read: first requests wait for the Pod status',
        evidence:
          [...states, ...(awaited === undefined ? [] : [`waiting for ${awaited}`])].join(', ') ||
          'none is configured',
        fix: 'without a server, Pods are answered for --stale-ip only; set cni.cacheDirs and cni.hostPaths of the chart to the directory in which the container runtime keeps its CNI results',
      },
    ];
  });
}
