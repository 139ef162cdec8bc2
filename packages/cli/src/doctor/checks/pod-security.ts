import type { V1Namespace } from '../../answers/objects.ts';
import { valueOf } from '../../answers/answer.ts';
import { countsText, isAgent } from '../cluster.ts';
import type { Cluster } from '../cluster.ts';
import type { Finding } from '../finding.ts';

const ENFORCE = 'pod-security.kubernetes.io/enforce';

/** Agents use the host network, which only the level `privileged` allows. Without the label the cluster's default counts. */
export function checkPodSecurity(cluster: Cluster): readonly Finding[] {
  const daemonSets = (valueOf(cluster.daemonSets) ?? []).filter(isAgent);
  const namespaces = valueOf(cluster.namespaces);
  if (namespaces === undefined) return [];
  return daemonSets.flatMap((daemonSet): Finding[] => {
    const { metadata, status } = daemonSet;
    const name = metadata?.namespace ?? '';
    const level = levelOf(namespaces.find((namespace) => namespace.metadata?.name === name));
    const { desiredNumberScheduled = 0, currentNumberScheduled = 0 } = status ?? {};
    const missing = desiredNumberScheduled - currentNumberScheduled;
    const fix = `kubectl label namespace ${name} ${ENFORCE}=privileged --overwrite`;
    const about = { check: 'pod-security', node: undefined, fix } as const;
    const counts = countsText(daemonSet);
    if (level !== undefined && level !== 'privileged')
      return [
        {
          ...about,
          severity: 'error',
          what: `Pod Security refuses new agents: Namespace ${name} enforces ${level}`,
          evidence: `label ${ENFORCE}=${level}; ${counts}`,
        },
      ];
    if (level === undefined && missing > 0 && currentNumberScheduled === 0)
      return [
        {
          ...about,
          severity: 'error',
          what: `no agent is created: Pod Security may refuse it, for Namespace ${name} has no label`,
          evidence: `${counts}; the cluster's default level counts`,
        },
      ];
    return [];
  });
}

function levelOf(namespace: V1Namespace | undefined): string | undefined {
  return namespace?.metadata?.labels?.[ENFORCE];
}
