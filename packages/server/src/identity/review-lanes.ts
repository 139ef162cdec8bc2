import { Refusal } from '@rolegate/protocol';
import type { Clock } from '@rolegate/runtime';
import type { PortLimitHit, PortLimitSubject } from '../limits/limit-hits.ts';
import { createFairQueue } from './fair-queue.ts';
import type { QueueKey } from './fair-queue.ts';
import type { ReviewToken, TokenReview } from './token-review.ts';

interface LaneLimits {
  /** Reviews in progress. */
  readonly atOnce: number;
  /** Reviews in progress of one group. */
  readonly ofGroup: number;
  /** Waiting tokens of one client in one group. */
  readonly perClient: number;
  /** Waiting tokens in all. */
  readonly waiting: number;
}

/** For tokens that name a live agent Pod. A review takes about 10 ms: the agents of 5,000 nodes are reviewed within a minute. */
const AGENTS: LaneLimits = { atOnce: 8, ofGroup: 1, perClient: 4, waiting: 1_024 };
/** For all other tokens, including those of agents whose Pod this server has not seen yet. */
const STRANGERS: LaneLimits = { atOnce: 2, ofGroup: 1, perClient: 2, waiting: 32 };

/** For tokens of Pods, whose nodes take turns, and in them the Pods. */
const PODS: LaneLimits = { atOnce: 4, ofGroup: 1, perClient: 4, waiting: 1_024 };

/** No client waits longer for an attestation. Milliseconds. */
const WAIT_MS = 4_000;

/** The client that presents a token. */
export interface TokenClient {
  /** The node that a certificate proves, else the source address. */
  readonly from: string;
  /** Of the live agent Pod that the token names; undefined if it names none. */
  readonly podUid: string | undefined;
}

export interface ReviewLanesDeps {
  readonly review: ReviewToken;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly hit: PortLimitHit;
}

/** Reviews a token when its turn comes. */
export type ReviewInTurn = (token: string, client: TokenClient) => Promise<TokenReview>;

/**
 * Limits concurrent TokenReviews. Tokens that name a live agent Pod have a queue for each Pod, and in it for each source, so that
 * invalid tokens delay only each other. An attacker who knows a Pod's UID shares that Pod's queue, and gets every other turn.
 */
export function createReviewLanes({ review, clock, hit }: ReviewLanesDeps): ReviewInTurn {
  const agents = createReviewLane({ limits: AGENTS, review, clock, hit });
  const strangers = createReviewLane({ limits: STRANGERS, review, clock, hit });

  return (token, { from, podUid }) =>
    podUid === undefined
      ? strangers(token, { group: from, client: from, subject: { address: from } })
      : agents(token, { group: podUid, client: from, subject: { address: from } });
}

/** The Pod whose token is reviewed, and the agent that asks. */
export interface PodTokenClient {
  readonly node: string;
  readonly address: string;
  readonly podUid: string;
}

/**
 * Limits concurrent TokenReviews of Pods' tokens. Each node has a queue, and in it each Pod, so that what one Pod shows delays only
 * that Pod, and what a stolen node shows delays only that node.
 */
export function createPodReviewLane(
  deps: ReviewLanesDeps,
): (token: string, client: PodTokenClient) => Promise<TokenReview> {
  const lane = createReviewLane({ limits: PODS, ...deps });
  return (token, { node, address, podUid }) =>
    lane(token, { group: node, client: podUid, subject: { address, node } });
}

interface ReviewLaneDeps extends ReviewLanesDeps {
  readonly limits: LaneLimits;
}

interface LaneKey extends QueueKey {
  /** Named if its token is evicted. */
  readonly subject: PortLimitSubject;
}

interface Job extends LaneKey {
  readonly token: string;
  readonly sinceMs: number;
  readonly resolve: (review: Promise<TokenReview>) => void;
  readonly reject: (refusal: Refusal) => void;
}

/** A fair queue in front of TokenReview. At its limit the oldest token of the group with the most is refused. */
function createReviewLane({ limits, review, clock, hit }: ReviewLaneDeps) {
  const queue = createFairQueue<Job>(limits.ofGroup);
  let inProgress = 0;

  function makeRoom(key: QueueKey): void {
    if (queue.waitingOf(key) >= limits.perClient) refuse(queue.removeOldest(key));
    else if (queue.waiting >= limits.waiting) refuse(queue.removeOldestOfMost());
  }

  function refuse(job: Job | undefined): void {
    if (job === undefined) return;
    hit('token_reviews', job.subject);
    job.reject(new Refusal('TooManyRequests', 'too many tokens are waiting for review'));
  }

  function fill(): void {
    while (inProgress < limits.atOnce) {
      const job = queue.next();
      if (job === undefined) return;
      begin(job);
    }
  }

  function begin(job: Job): void {
    const { token, sinceMs, resolve, reject } = job;
    if (clock.monotonic() - sinceMs >= WAIT_MS) {
      queue.done(job);
      reject(new Refusal('ServerUnavailable', `the token waited ${WAIT_MS / 1000} s for its review`));
      return;
    }
    inProgress += 1;
    const reviewed = review(token);
    resolve(reviewed);
    const over = () => {
      inProgress -= 1;
      queue.done(job);
      fill();
    };
    reviewed.then(over, over);
  }

  return (token: string, key: LaneKey): Promise<TokenReview> =>
    new Promise((resolve, reject) => {
      makeRoom(key);
      queue.put({ ...key, token, sinceMs: clock.monotonic(), resolve, reject });
      fill();
    });
}
