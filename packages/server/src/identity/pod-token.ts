import type { Pod } from '../kubernetes/objects/objects.ts';
import type { TokenClaims } from './token-claims.ts';
import type { TokenReview } from './token-review.ts';

/** The longest part of the API server's error that is repeated. Characters. */
const LONGEST_ERROR = 300;
const NOT_HERE = 'it is not bound to a Pod of this node that has not ended';

/** What a Pod's token must fit. */
export interface PodTokenFacts {
  /** Whose agent asks. */
  readonly node: string;
  readonly audience: string;
  /** The Pod that the token claims; undefined if there is none. */
  readonly pod: Pod | undefined;
}

/**
 * Why the token cannot be that of a Pod of the node, whatever the API server says; undefined if it can. It names nothing of other
 * nodes, because an agent reads it.
 */
export function claimsFault(claims: TokenClaims, { node, audience, pod }: PodTokenFacts): string | undefined {
  const { audiences, subject, podName } = claims;
  if (audiences.length !== 1 || audiences[0] !== audience) return `its audience is not ${audience} alone`;
  if (pod?.nodeName !== node || pod.ended) return NOT_HERE;
  if (podName !== pod.name || subject !== subjectOf(pod))
    return 'its ServiceAccount, Namespace or Pod name is not that of its Pod';
  return undefined;
}

/** Why the reviewed token is not valid; undefined if it is. */
export function reviewFault(review: TokenReview, facts: PodTokenFacts): string | undefined {
  const { authenticated, error, audiences, username, podUid, podName, nodeName } = review;
  if (!authenticated)
    return `the API server does not accept it: ${JSON.stringify(error.slice(0, LONGEST_ERROR))}`;
  const { node, pod } = facts;
  // Before 1.30 the API server does not say on which node the Pod is.
  if (podUid === '' || podUid !== pod?.uid || (nodeName !== '' && nodeName !== node)) return NOT_HERE;
  return claimsFault(
    { keyId: '', issuer: '', audiences, subject: username, podUid, podName, nodeName },
    facts,
  );
}

function subjectOf({ namespace, serviceAccount }: Pod): string {
  return `system:serviceaccount:${namespace}:${serviceAccount}`;
}
