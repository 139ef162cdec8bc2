import { Refusal } from '@rolegate/protocol';
import type { Clock } from '@rolegate/runtime';
import type { PortLimitHit } from '../limits/limit-hits.ts';
import { createReviewLane } from './review-lane.ts';
import type { LaneLimits } from './review-lane.ts';
import type { ReviewToken, TokenReview } from './token-review.ts';

/** Tokens that name a live agent Pod. A review takes some 10 ms: agents of 5,000 nodes are through within a minute. */
const AGENTS: LaneLimits = { atOnce: 8, ofGroup: 1, perClient: 4, waiting: 1_024 };
/** All others, agents among them whose Pod this server has not seen yet. */
const STRANGERS: LaneLimits = { atOnce: 2, ofGroup: 1, perClient: 2, waiting: 32 };

/** Who shows a token. */
export interface TokenClient {
  /** A node that a certificate has proven, else the source address. */
  readonly from: string;
  /** Of the live agent Pod that the token names; undefined: it names none. */
  readonly podUid: string | undefined;
}

export interface ReviewLanesDeps {
  readonly review: ReviewToken;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly hit: PortLimitHit;
}

/** Asks about a token when its turn has come. */
export type ReviewInTurn = (token: string, client: TokenClient) => Promise<TokenReview>;

/**
 * TokenReviews, a few at once. Tokens that name a live agent Pod have a queue for each Pod, and in it for each source, so that
 * rubbish waits for rubbish only. Whoever knows a Pod's UID shares that Pod's queue, and gets every other turn of it.
 */
export function createReviewLanes({ review, clock, hit }: ReviewLanesDeps): ReviewInTurn {
  const refused = (address: string) => {
    hit('token_reviews', { address });
    return new Refusal('TooManyRequests', 'too many tokens wait for their review');
  };
  const agents = createReviewLane({ limits: AGENTS, review, clock, refused });
  const strangers = createReviewLane({ limits: STRANGERS, review, clock, refused });

  return (token, { from, podUid }) =>
    podUid === undefined
      ? strangers(token, { group: from, client: from })
      : agents(token, { group: podUid, client: from });
}
