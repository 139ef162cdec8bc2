import { Refusal } from '@rolegate/protocol';
import type { Pod } from '../kubernetes/objects/objects.ts';
import type { AgentIdentity, AgentPods } from './agent-pods.ts';
import { unverifiedClaims } from './token-claims.ts';
import { AUDIENCE } from './token-review.ts';
import type { TokenReview } from './token-review.ts';

/** A projected token has 1 to 2 kB; longer ones are not read. Characters. */
export const LONGEST_TOKEN = 16 * 1024;

/** Which Pods are accepted as agents. */
export interface AllowedAgents {
  /** `<namespace>/<name>`. */
  readonly serviceAccounts: readonly string[];
  /** Names; empty: any DaemonSet of the ServiceAccount's Namespace. */
  readonly daemonSets: readonly string[];
}

export interface TokenFacts {
  readonly allowed: AllowedAgents;
  readonly podOf: (uid: string) => Pod | undefined;
  readonly agentPods: Pick<AgentPods, 'fault'>;
}

/**
 * The identity that a reviewed token proves; throws a Refusal whose message says what to do. The node is that of the Pod, not
 * the one in the token, because a token bound only to a Node can name any node.
 */
export function identityOf(review: TokenReview, { allowed, podOf, agentPods }: TokenFacts): AgentIdentity {
  checkReview(review);
  const account = accountOf(review.username);
  if (account === undefined || !allowed.serviceAccounts.includes(account)) {
    const wanted = allowed.serviceAccounts.join(', ') || 'none; set --agent-service-account or --namespace';
    throw foreign(`the token is of ${quoted(review.username)}; the ServiceAccount of agents is ${wanted}`);
  }
  const { podUid, podName, nodeName } = review;
  if (podUid === '' || podName === '') {
    throw foreign(
      'the token is not bound to a Pod: give the agent a projected token (serviceAccountToken volume)',
    );
  }
  const pod = podOf(podUid);
  // A Pod without a node cannot run an agent.
  const identity = { podUid, node: pod?.nodeName ?? '' };
  const fault = agentPods.fault(identity);
  if (fault !== undefined) throw fault;
  if (pod === undefined) throw foreign(`the agent's Pod ${podUid} does not exist`);
  checkPod(pod, { account, podName, nodeName, allowed });
  return identity;
}

/** Whether the Pod can be an agent. */
export function isAgentPod(pod: Pod, { serviceAccounts, daemonSets }: AllowedAgents): boolean {
  const { namespace, serviceAccount, daemonSet, ended } = pod;
  if (ended || daemonSet === '') return false;
  return (
    serviceAccounts.includes(`${namespace}/${serviceAccount}`) &&
    (daemonSets.length === 0 || daemonSets.includes(daemonSet))
  );
}

/**
 * The UID of the Pod in a ServiceAccount token's claims; '' if there is none or it is not a token. The claim is unverified, and
 * only decides in which queue the token waits.
 */
export function claimedPodUid(token: string): string {
  return unverifiedClaims(token, LONGEST_TOKEN)?.podUid ?? '';
}

function checkReview({ authenticated, error, audiences }: TokenReview): void {
  if (!audiences.includes(AUDIENCE) && (authenticated || error.includes('audience'))) {
    throw foreign(
      `the token is not for audience ${AUDIENCE}${error === '' ? '' : ` (${quoted(error)})`}: give it that audience in the projected volume`,
    );
  }
  if (authenticated) return;
  throw foreign(
    `the API server does not accept the token (${quoted(error)}): it has expired, its Pod was deleted, or it is not a token`,
  );
}

interface Claims {
  readonly account: string;
  readonly podName: string;
  readonly nodeName: string;
  readonly allowed: AllowedAgents;
}

function checkPod(pod: Pod, { account, podName, nodeName, allowed }: Claims): void {
  const name = `${pod.namespace}/${pod.name}`;
  if (pod.name !== podName || `${pod.namespace}/${pod.serviceAccount}` !== account) {
    throw foreign(
      `the token of ${account} names Pod ${quoted(podName)}, which does not match Pod ${name} and its ServiceAccount`,
    );
  }
  const { daemonSets } = allowed;
  if (pod.daemonSet === '' || (daemonSets.length > 0 && !daemonSets.includes(pod.daemonSet))) {
    const wanted = daemonSets.length === 0 ? 'a DaemonSet' : `DaemonSet ${daemonSets.join(' or ')}`;
    throw foreign(
      `Pod ${name} is not controlled by ${wanted}: only such Pods are agents, see --agent-daemonset`,
    );
  }
  if (pod.nodeName === '') throw foreign(`Pod ${name} is not on a node yet`);
  if (nodeName !== '' && nodeName !== pod.nodeName) {
    throw foreign(`the token names node ${quoted(nodeName)}, but Pod ${name} is on ${pod.nodeName}`);
  }
}

/** `<namespace>/<name>` of a ServiceAccount's user name, which never has more colons. */
function accountOf(username: string): string | undefined {
  const [, namespace, name] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(username) ?? [];
  return namespace === undefined || name === undefined ? undefined : `${namespace}/${name}`;
}

function foreign(message: string): Refusal {
  return new Refusal('ForeignNode', message);
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 300));
}
