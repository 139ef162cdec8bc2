import { createHash } from 'node:crypto';
import { LONGEST_SERVICE_ACCOUNT_TOKEN, Refusal } from '@rolegate/protocol';
import { createMemory } from '@rolegate/runtime';
import type { Clock } from '@rolegate/runtime';
import type { Pod } from '../kubernetes/objects/objects.ts';
import type { PortLimitHit } from '../limits/limit-hits.ts';
import { createRateLimits } from '../limits/rate-limits.ts';
import type { ServerMemory } from '../memory/memory.ts';
import { claimsFault, reviewFault } from './pod-token.ts';
import { createPodReviewLane } from './review-lanes.ts';
import { unverifiedClaims } from './token-claims.ts';
import type { TokenClaims } from './token-claims.ts';
import type { ReviewToken, TokenReview } from './token-review.ts';

/** An agent remembers the answers, so each token costs it one review in ten minutes. */
const OF_POD = { perSecond: 1, burst: 5 };
const OF_NODE = { perSecond: 20, burst: 60 };
/** How long a refused token is remembered; the API server may not have seen its key yet. Milliseconds. */
const REMEMBER_BAD_MS = 10_000;
const MOST_REMEMBERED = 10_000;

/** The agent that asks about a token. */
export interface AskingAgent {
  readonly node: string;
  /** Its address without the port. */
  readonly address: string;
}

/** The Pod of a valid token, or why it is not valid, for the agent's log. */
export type PodTokenAnswer = { readonly podUid: string } | { readonly fault: string };

/** Answers only about Pods of the agent's node. Rejects with a Refusal if the question cannot be answered now. */
export type ReviewPodToken = (token: string, agent: AskingAgent) => Promise<PodTokenAnswer>;

export interface PodTokenReviewsDeps {
  readonly review: ReviewToken;
  readonly audience: string;
  readonly podOf: (uid: string) => Pod | undefined;
  readonly keys: {
    /** Why no token with the audience is accepted. */
    readonly audienceFault: () => string | undefined;
    readonly knows: (keyId: string, issuer: string) => boolean;
    /** Reads the keys again; agents get new ones by the feed. */
    readonly refresh: () => Promise<void>;
  };
  readonly clock: Clock;
  readonly hit: PortLimitHit;
  readonly metrics: { podTokenReview(outcome: 'valid' | 'invalid' | 'failed'): void };
  readonly memory?: ServerMemory | undefined;
}

/** Asks the API server about Pods' tokens whose key or issuer an agent does not know. */
export function createPodTokenReviews(deps: PodTokenReviewsDeps): ReviewPodToken {
  const { audience, podOf, keys, clock, memory = createMemory({ clock }) } = deps;
  const checkRates = createRates({ ...deps, memory });
  const reviewInTurn = createPodReviewLane(deps);
  const bad = memory.remember<string>('refused_pod_tokens', {
    keepMs: REMEMBER_BAD_MS,
    most: MOST_REMEMBERED,
  });
  /** Concurrent requests of a node with the same token share one review. */
  const inProgress = new Map<string, Promise<PodTokenAnswer>>();

  async function ask(token: string, claims: TokenClaims, agent: AskingAgent): Promise<TokenReview> {
    if (!keys.knows(claims.keyId, claims.issuer)) await keys.refresh();
    return reviewInTurn(token, { ...agent, podUid: claims.podUid });
  }

  async function reviewed(token: string, claims: TokenClaims, agent: AskingAgent): Promise<PodTokenAnswer> {
    try {
      const review = await ask(token, claims, agent);
      // The Pod may have ended since.
      const fault = reviewFault(review, { node: agent.node, audience, pod: podOf(claims.podUid) });
      deps.metrics.podTokenReview(fault === undefined ? 'valid' : 'invalid');
      return fault === undefined ? { podUid: claims.podUid } : { fault };
    } catch (error) {
      deps.metrics.podTokenReview('failed');
      throw error;
    }
  }

  function shared(token: string, claims: TokenClaims, agent: AskingAgent): Promise<PodTokenAnswer> {
    const key = `${agent.node} ${digestOf(token)}`;
    const refused = bad.get(key);
    if (refused !== undefined) return Promise.resolve({ fault: refused });
    const known = inProgress.get(key);
    if (known !== undefined) return known;
    const asked = reviewed(token, claims, agent)
      .then((answer) => {
        if ('fault' in answer) bad.set(key, answer.fault, agent.node);
        return answer;
      })
      .finally(() => inProgress.delete(key));
    inProgress.set(key, asked);
    return asked;
  }

  return async (token, agent) => {
    const { node } = agent;
    const claims = unverifiedClaims(token, LONGEST_SERVICE_ACCOUNT_TOKEN);
    const pod = claims && podOf(claims.podUid);
    checkRates(agent, pod?.nodeName === node ? pod : undefined);
    if (claims === undefined) return { fault: 'it is not a ServiceAccount token' };
    if (claims.podUid !== '' && pod === undefined)
      throw new Refusal('ServerUnavailable', 'this server has not seen the Pod of the token yet');
    const fault = keys.audienceFault() ?? claimsFault(claims, { node, audience, pod });
    return fault === undefined ? shared(token, claims, agent) : { fault };
  };
}

/** Throws if the Pod, or the node, has asked too often. What is said about no Pod of the node is one client. */
function createRates({ clock, memory, hit }: Pick<PodTokenReviewsDeps, 'clock' | 'memory' | 'hit'>) {
  const mayPod = createRateLimits({ ...OF_POD, clock, memory, kind: 'reviewed_pods' });
  const mayNode = createRateLimits({ ...OF_NODE, clock, memory, kind: 'reviewing_nodes' });
  return ({ node, address }: AskingAgent, pod: Pod | undefined): void => {
    const whose = pod === undefined ? 'no Pod of the node' : `Pod ${pod.namespace}/${pod.name}`;
    const over = !mayPod(`${node} ${pod?.uid ?? ''}`)
      ? `more than ${OF_POD.perSecond} ServiceAccount token a second of ${whose}`
      : !mayNode(node)
        ? `more than ${OF_NODE.perSecond} ServiceAccount tokens a second of the node`
        : undefined;
    if (over === undefined) return;
    hit('review_rate', { address, node });
    throw new Refusal('TooManyRequests', over);
  };
}

/** Remembered instead of the token itself. */
function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}
