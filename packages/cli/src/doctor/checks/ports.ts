import type { V1Pod } from '../../answers/objects.ts';
import { formatHostPort } from '@rolegate/runtime';
import type { Listener } from '../../answers/agent-status.ts';
import { valueOf } from '../../answers/answer.ts';
import { allPods, fullName, isAgent } from '../cluster.ts';
import type { Cluster } from '../cluster.ts';
import type { Finding } from '../finding.ts';

/** The container of the agent in its Pod. */
const AGENT_CONTAINER = 'agent';

/** Listeners of others on the agent's ports, and Pods that share its UID. */
export function checkPorts(cluster: Cluster): readonly Finding[] {
  return [...cluster.agents.flatMap(ofAgent), ...sharedUsers(allPods(cluster))];
}

function ofAgent({ node, status }: Cluster['agents'][number]): readonly Finding[] {
  const ports = valueOf(status)?.ports;
  return [
    ...(ports?.foreignListeners ?? []).map((one): Finding => ({
      severity: 'error',
      check: 'ports',
      node,
      what: `a foreign listener has the agent's port ${one.port}: it can get requests and tokens of Pods`,
      evidence: placeOf(one),
      fix: `find its process on the node (ss -ltnp sport = :${one.port}), and remove it or give it another port; kiam and kube2iam use 8181 too`,
    })),
    ...(ports?.held ?? []).map((one): Finding => ({
      severity: 'error',
      check: 'ports',
      node,
      what: `another user's process has the agent's port ${one.port}: Pods get no answer there`,
      evidence: placeOf(one),
      fix: `find its process on the node: ss -ltnp sport = :${one.port}`,
    })),
  ];
}

function placeOf({ address, port, uid }: Listener): string {
  const user = uid === undefined ? '' : `, UID ${uid}`;
  return `${formatHostPort({ host: address, port })}${user}`;
}

/** A process with the agent's UID on the host network could share its ports. */
function sharedUsers(pods: readonly V1Pod[]): readonly Finding[] {
  const uids = new Set(pods.filter(isAgent).flatMap((pod) => usersOf(pod, AGENT_CONTAINER)));
  const others = pods.filter((pod) => !isAgent(pod) && pod.spec?.hostNetwork === true);
  return others.flatMap((pod): Finding[] => {
    const shared = usersOf(pod).find((uid) => uids.has(uid));
    if (shared === undefined) return [];
    return [
      {
        severity: 'warning',
        check: 'ports',
        node: pod.spec?.nodeName,
        what: `another Pod on the host network has the agent's UID ${shared}, and can share its ports`,
        evidence: fullName(pod),
        fix: 'give that Pod another runAsUser, or set the chart value agent.uid',
      },
    ];
  });
}

/** The users that a Pod's containers are given; what the image says is not known here. */
function usersOf({ spec }: V1Pod, only?: string): readonly number[] {
  const ofPod = spec?.securityContext?.runAsUser;
  return (spec?.containers ?? [])
    .filter(({ name }) => only === undefined || name === only)
    .flatMap(({ securityContext }) => securityContext?.runAsUser ?? ofPod ?? []);
}
