import { createHash } from 'node:crypto';
import { Refusal } from '@rolegate/protocol';
import { createMemory } from '@rolegate/runtime';
import type { Clock } from '@rolegate/runtime';
import type { ServerMemory } from '../memory/memory.ts';
import type { PortLimitHit } from '../limits/limit-hits.ts';
import type { AgentIdentity } from './agent-pods.ts';
import { claimedPodUid, identityOf, isAgentPod } from './agent-token.ts';
import type { TokenFacts } from './agent-token.ts';
import { createRateLimits } from '../limits/rate-limits.ts';
import { createReviewLanes } from './review-lanes.ts';
import type { ReviewToken, TokenReview } from './token-review.ts';

/** How long a successful review is cached, so that an agent's reconnects do not cause reviews. Milliseconds. */
const REMEMBER_MS = 60_000;
/** How long a failed review is cached; the API server may not have seen the Pod yet. Milliseconds. */
const REMEMBER_BAD_MS = 5_000;
/** Twice the nodes of a large cluster. */
const MOST_REMEMBERED = 10_000;
/** For tokens of one node or source address that name no live agent Pod. */
const STRANGERS = { perSecond: 5, burst: 10 };

export interface AttestationDeps extends TokenFacts {
  readonly review: ReviewToken;
  readonly clock: Clock;
  readonly hit: PortLimitHit;
  readonly memory?: ServerMemory;
}

/** The client that presents a token, for limits. */
export interface TokenPresenter {
  /** The source address; for IPv6 its /64. */
  readonly address: string;
  /** The node that a certificate proves. */
  readonly node?: string | undefined;
}

export interface Attestation {
  /** The identity that a token proves; rejects with a Refusal. Its Pod is checked each time. */
  readonly prove: (token: string, presenter: TokenPresenter) => Promise<AgentIdentity>;
  /** The UID of the live agent Pod that the unverified token names. */
  readonly claimedPod: (token: string) => string | undefined;
}

export function createTokenProof(deps: AttestationDeps): Attestation {
  const { clock, hit, memory = createMemory({ clock }), ...facts } = deps;
  const reviewInTurn = createReviewLanes(deps);
  const mayAsk = createRateLimits({ ...STRANGERS, clock, memory, kind: 'attestation_sources' });
  const good = memory.remember<TokenReview>('attested_tokens', {
    keepMs: REMEMBER_MS,
    most: MOST_REMEMBERED,
  });
  const bad = memory.remember<TokenReview>('refused_tokens', {
    keepMs: REMEMBER_BAD_MS,
    most: MOST_REMEMBERED,
  });
  /** Concurrent requests with the same token share one review. */
  const inProgress = new Map<string, Promise<TokenReview>>();

  /** With a certificate, a Pod of another node does not count, because its queue is not for this node. */
  function claimedPod(token: string, node?: string): string | undefined {
    const uid = claimedPodUid(token);
    const pod = uid === '' ? undefined : facts.podOf(uid);
    if (pod === undefined || !isAgentPod(pod, facts.allowed)) return undefined;
    return node === undefined || node === pod.nodeName ? uid : undefined;
  }

  function reviewed(key: string, token: string, { address, node }: TokenPresenter): Promise<TokenReview> {
    const known = inProgress.get(key);
    if (known !== undefined) return known;
    const from = keyOf({ address, node });
    const podUid = claimedPod(token, node);
    if (podUid === undefined && !mayAsk(from)) {
      hit('attest_rate', { address, node });
      throw tooMany(from);
    }
    const asked = reviewInTurn(token, { from, podUid });
    inProgress.set(key, asked);
    const over = () => inProgress.delete(key);
    asked.then(over, over);
    return asked;
  }

  return {
    claimedPod: (token) => claimedPod(token),
    async prove(token, presenter) {
      if (token === '') throw new Refusal('ForeignNode', 'the token is empty; set --token-file of the agent');
      const key = digestOf(token);
      const known = good.get(key) ?? bad.get(key);
      if (known !== undefined) return identityOf(known, facts);
      const review = await reviewed(key, token, presenter);
      try {
        const identity = identityOf(review, facts);
        // Counted for the node, which can get any number of tokens.
        good.set(key, review, identity.node);
        return identity;
      } catch (error) {
        bad.set(key, review, keyOf(presenter));
        throw error;
      }
    },
  };
}

/** Cached instead of the token itself. */
function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}

function tooMany(from: string): Refusal {
  const many = `more than ${STRANGERS.perSecond} tokens a second that name no live agent Pod, from ${from}`;
  return new Refusal('TooManyRequests', many);
}

function keyOf({ address, node }: TokenPresenter): string {
  return node === undefined ? address : `node ${node}`;
}
