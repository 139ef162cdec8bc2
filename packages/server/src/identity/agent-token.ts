import { Refusal } from '@rolegate/protocol';
import { record, textOf } from '@rolegate/runtime';
import type { Pod } from '../kubernetes/objects/objects.ts';
import type { AgentIdentity, AgentPods } from './agent-pods.ts';
import { AUDIENCE } from './token-review.ts';
import type { TokenReview } from './token-review.ts';

/** A projected token has a kB or two; nothing longer is looked at. Characters. */
export const LONGEST_TOKEN = 16 * 1024;

/** Which Pods are agents. */
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
 * The node that a reviewed token proves; throws a Refusal whose message says what to do. Not the node in the token counts but
 * that of the Pod: a token bound to a Node alone names any node.
 */
export function identityOf(review: TokenReview, { allowed, podOf, agentPods }: TokenFacts): AgentIdentity {
  checkReview(review);
  const account = accountOf(review.username);
  if (account === undefined || !allowed.serviceAccounts.includes(account)) {
    const wanted = allowed.serviceAccounts.join(', ') || 'none: give --agent-service-account or --namespace';
    throw foreign(`the token is of ${quoted(review.username)}, agents have the ServiceAccount ${wanted}`);
  }
  const { podUid, podName, nodeName } = review;
  if (podUid === '' || podName === '') {
    throw foreign(
      'the token is not bound to a Pod: give the agent a projected token (serviceAccountToken volume)',
    );
  }
  const pod = podOf(podUid);
  // A Pod without a node yet cannot have asked.
  const identity = { podUid, node: pod?.nodeName ?? '' };
  const fault = agentPods.fault(identity);
  if (fault !== undefined) throw fault;
  if (pod === undefined) throw foreign(`the agent's Pod ${podUid} is not there`);
  checkPod(pod, { account, podName, nodeName, allowed });
  return identity;
}

/** True for a Pod that may be an agent, whoever says so. */
export function isAgentPod(pod: Pod, { serviceAccounts, daemonSets }: AllowedAgents): boolean {
  const { namespace, serviceAccount, daemonSet, ended } = pod;
  if (ended || daemonSet === '') return false;
  return (
    serviceAccounts.includes(`${namespace}/${serviceAccount}`) &&
    (daemonSets.length === 0 || daemonSets.includes(daemonSet))
  );
}

/**
 * The UID of the Pod that a ServiceAccount token says it is bound to; '' if it says none, or is no token. Nobody has verified it:
 * it decides in which queue the token waits, and nothing else.
 */
export function claimedPodUid(token: string): string {
  if (token.length > LONGEST_TOKEN) return '';
  const [, payload, signature] = token.split('.', 3);
  if (payload === undefined || signature === undefined) return '';
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString());
    return textOf(record(record(record(claims)['kubernetes.io'])['pod'])['uid']);
  } catch {
    return '';
  }
}

function checkReview({ authenticated, error, audiences }: TokenReview): void {
  if (!audiences.includes(AUDIENCE) && (authenticated || error.includes('audience'))) {
    throw foreign(
      `the token is not for audience ${AUDIENCE}${error === '' ? '' : ` (${quoted(error)})`}: give it that audience in the projected volume`,
    );
  }
  if (authenticated) return;
  throw foreign(
    `the API server does not accept the token (${quoted(error)}): it has expired, is of a deleted Pod, or is none`,
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
      `the token of ${account} names Pod ${quoted(podName)}, which ${name} with its ServiceAccount is not`,
    );
  }
  const { daemonSets } = allowed;
  if (pod.daemonSet === '' || (daemonSets.length > 0 && !daemonSets.includes(pod.daemonSet))) {
    const wanted = daemonSets.length === 0 ? 'a DaemonSet' : `DaemonSet ${daemonSets.join(' or ')}`;
    throw foreign(
      `Pod ${name} is not controlled by ${wanted}: only such Pods are agents, see --agent-daemonset`,
    );
  }
  if (pod.nodeName === '') throw foreign(`Pod ${name} is on no node yet`);
  if (nodeName !== '' && nodeName !== pod.nodeName) {
    throw foreign(`the token names node ${quoted(nodeName)}, but Pod ${name} is on ${pod.nodeName}`);
  }
}

/** `<namespace>/<name>` of a ServiceAccount's user name; it never holds more colons. */
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
