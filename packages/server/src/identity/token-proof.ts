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

/** How long a good review counts: an agent that opens streams again and again does not ask the API server each time. Milliseconds. */
const REMEMBER_MS = 60_000;
/** The same of one that proved nothing; the API server itself may have been late to see the Pod. Milliseconds. */
const REMEMBER_BAD_MS = 5_000;
/** Twice the nodes of a large cluster. */
const MOST_REMEMBERED = 10_000;
/** Tokens that name no live agent Pod, of one node or source address. */
const STRANGERS = { perSecond: 5, burst: 10 };

export interface AttestationDeps extends TokenFacts {
  readonly review: ReviewToken;
  readonly clock: Clock;
  readonly hit: PortLimitHit;
  readonly memory?: ServerMemory;
}

/** Who shows a token: its limits are theirs. */
export interface TokenShower {
  /** The source address, of an IPv6 address its /64. */
  readonly address: string;
  /** The node that a certificate has proven already. */
  readonly node?: string | undefined;
}

export interface Attestation {
  /**
   * The node that a token proves now; rejects with a Refusal. The Pod behind it is looked at each time.
   */
  readonly prove: (token: string, shower: TokenShower) => Promise<AgentIdentity>;
  /** The UID of the live agent Pod that the token names, whether or not it is good. */
  readonly names: (token: string) => string | undefined;
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
  /** Whoever shows the same token meanwhile gets the same answer. */
  const underWay = new Map<string, Promise<TokenReview>>();

  /** With a certificate, a Pod of another node counts as none: its queue is not for this node. */
  function names(token: string, node?: string): string | undefined {
    const uid = claimedPodUid(token);
    const pod = uid === '' ? undefined : facts.podOf(uid);
    if (pod === undefined || !isAgentPod(pod, facts.allowed)) return undefined;
    return node === undefined || node === pod.nodeName ? uid : undefined;
  }

  function reviewed(key: string, token: string, { address, node }: TokenShower): Promise<TokenReview> {
    const known = underWay.get(key);
    if (known !== undefined) return known;
    const from = keyOf({ address, node });
    const podUid = names(token, node);
    if (podUid === undefined && !mayAsk(from)) {
      hit('attest_rate', { address, node });
      throw tooMany(from);
    }
    const asked = reviewInTurn(token, { from, podUid });
    underWay.set(key, asked);
    const over = () => underWay.delete(key);
    asked.then(over, over);
    return asked;
  }

  return {
    names: (token) => names(token),
    async prove(token, shower) {
      if (token === '') throw new Refusal('ForeignNode', 'the token is empty: give the agent --token-file');
      const key = digestOf(token);
      const known = good.get(key) ?? bad.get(key);
      if (known !== undefined) return identityOf(known, facts);
      const review = await reviewed(key, token, shower);
      try {
        const identity = identityOf(review, facts);
        // A node can have as many tokens made as it likes.
        good.set(key, review, identity.node);
        return identity;
      } catch (error) {
        bad.set(key, review, keyOf(shower));
        throw error;
      }
    },
  };
}

/** The token itself is not kept. */
function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}

function tooMany(from: string): Refusal {
  const many = `more than ${STRANGERS.perSecond} tokens a second that name no live agent Pod, from ${from}`;
  return new Refusal('TooManyRequests', many);
}

function keyOf({ address, node }: TokenShower): string {
  return node === undefined ? address : `node ${node}`;
}
