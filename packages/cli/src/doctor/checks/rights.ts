import { faultOf } from '../../answers/answer.ts';
import type { Cluster } from '../cluster.ts';
import type { CheckName, Finding } from '../finding.ts';

/** What is not checked if a list cannot be read. */
const NEEDED: readonly (readonly [
  list: 'nodes' | 'daemonSets' | 'pods' | 'namespaces',
  checks: readonly CheckName[],
])[] = [
  ['nodes', ['agents']],
  ['daemonSets', ['leftovers', 'pod-security']],
  ['pods', ['agents', 'probes', 'ports', 'kube-proxy']],
  ['namespaces', ['pod-security']],
];

/** What could not be read, and what is not checked therefore: nothing is said to be well that was not looked at. */
export function checkRights(cluster: Cluster): readonly Finding[] {
  return NEEDED.flatMap(([list, checks]): Finding[] => {
    const fault = faultOf(cluster[list]);
    if (fault === undefined) return [];
    return [
      {
        severity: 'warning',
        check: 'rights',
        node: undefined,
        what: `${list} cannot be read, so that these are not checked in full: ${checks.join(', ')}`,
        evidence: fault,
        fix: 'bind the ClusterRole for doctor in deploy/ to yourself',
      },
    ];
  });
}
