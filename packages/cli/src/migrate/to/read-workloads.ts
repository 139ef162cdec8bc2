import { annotation } from '@rolegate/server';
import { createNewPolicy, newVerdict } from '../new-verdict.ts';
import { keysOf } from '../old-rules/old-system.ts';
import type { OldRules } from '../old-rules/old-system.ts';
import { oldVerdict } from '../old-rules/old-verdict.ts';
import { ceilingOf } from '../plan/values-files.ts';
import type { PodFacts } from '../report/pod-facts.ts';
import {
  readNamespaces,
  readPods,
  readServiceAccounts,
  readTokenNamespaces,
  WEB_IDENTITY_ROLE,
} from '../report/read-objects.ts';
import type { ListAll } from '../report/read-objects.ts';
import { createWorkloads } from './workloads.ts';
import type { Workload } from './workloads.ts';

export interface ReadWorkloadsDeps {
  readonly list: ListAll;
  readonly baseArn: string;
  /** The old system, if there is one: a Pod that has a role from it has to keep that. */
  readonly rules: OldRules | undefined;
  /** What a Pod was seen to ask with, by its UID. */
  readonly clientsOf: (uid: string) => readonly string[];
}

const RULE_KEYS = {
  role: annotation.role,
  externalId: annotation.externalId,
  permits: annotation.allowedRoles,
};

/** Reads which ServiceAccounts' Pods have which role, from the old system or from Rolegate. */
export async function readWorkloads({
  list,
  baseArn,
  rules,
  clientsOf,
}: ReadWorkloadsDeps): Promise<readonly Workload[]> {
  const keys = rules === undefined ? RULE_KEYS : keysOf(rules);
  // Which accounts the server's ceiling opens is not known here, and does not matter for a move away from it.
  const ceilings = ceilingOf(baseArn, ['*']);
  const policy = createNewPolicy({ baseArn, defaultRole: undefined, ceilings });
  const namespaces = await readNamespaces(list, keys);
  const tokenNamespaces = await readTokenNamespaces(list);
  const serviceAccounts = await readServiceAccounts(list);
  const workloads = createWorkloads({ clientsOf, externalIdKey: keys.externalId });

  function roleOf(pod: PodFacts): string | undefined {
    const namespaceAnnotations = namespaces.get(pod.namespace) ?? {};
    if (rules !== undefined) {
      const permits = namespaceAnnotations[keys.permits];
      const old = oldVerdict(rules, {
        role: pod.annotations[keys.role],
        permits,
        hostNetwork: pod.hostNetwork,
      });
      if (old.kind === 'role') return old.roleArn;
    }
    const serviceAccountAnnotations = serviceAccounts.get(`${pod.namespace}/${pod.serviceAccount}`) ?? {};
    // A host-network Pod has its role by its token, if anything serves that.
    const subject = { ...pod, hostNetwork: false, namespaceAnnotations, serviceAccountAnnotations };
    const ours = newVerdict(policy, subject);
    return ours.kind === 'allow' ? ours.roleArn : undefined;
  }

  await readPods(list, keys, (pod) => {
    workloads.add(pod, roleOf(pod));
  });
  return workloads.all().map((workload) => ({
    ...workload,
    webIdentityRole: serviceAccounts.get(`${workload.namespace}/${workload.serviceAccount}`)?.[
      WEB_IDENTITY_ROLE
    ],
    hasToken: tokenNamespaces.has(workload.namespace),
  }));
}
