import type { Cluster } from '../kubernetes/cluster.ts';
import type { Pod } from '../kubernetes/objects.ts';
import type { Verdict } from '../policy/decide.ts';

type Stores = Pick<Cluster, 'pods' | 'namespaces' | 'serviceAccounts'>;

/**
 * What is permitted waits while an event of one of its objects could not be read: it may have been the one that withdraws
 * it (DESIGN.md 4.11). A denial stands.
 */
export function withDoubt(cluster: Stores, pod: Pod, verdict: Verdict): Verdict {
  if (verdict.decision.kind !== 'allow') return verdict;
  const waitsFor = doubtOf(cluster, pod);
  if (waitsFor === undefined) return verdict;
  return { ...verdict, decision: { kind: 'pending', waitsFor, withdraws: true } };
}

/** What has to be seen before the Pod's objects are certain. */
function doubtOf({ pods, namespaces, serviceAccounts }: Stores, pod: Pod): string | undefined {
  const { uid, namespace, name, serviceAccount } = pod;
  if (pods.isDoubted(uid))
    return `a new list of Pods, because an event of ${namespace}/${name} could not be read`;
  if (namespaces.isDoubted(namespace))
    return `a new list of Namespaces, because an event of ${namespace} could not be read`;
  if (!serviceAccounts.isDoubted(`${namespace}/${serviceAccount}`)) return undefined;
  return `a new list of ServiceAccounts, because an event of ${namespace}/${serviceAccount} could not be read`;
}
