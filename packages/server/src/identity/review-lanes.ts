import { Refusal } from '@rolegate/protocol';
import type { Clock } from '@rolegate/runtime';
import type { PortLimitHit } from '../limits/limit-hits.ts';
import { createFairQueue } from './fair-queue.ts';
import type { QueueKey } from './fair-queue.ts';
import type { ReviewToken, TokenReview } from './token-review.ts';

interface LaneLimits {
  /** Reviews under way. */
  readonly atOnce: number;
  /** The same, of one group. */
  readonly ofGroup: number;
  /** Tokens that wait, of one client in one group. */
  readonly perClient: number;
  /** Tokens that wait, of all. */
  readonly waiting: number;
}

/** Tokens that name a live agent Pod. A review takes some 10 ms: agents of 5,000 nodes are through within a minute. */
const AGENTS: LaneLimits = { atOnce: 8, ofGroup: 1, perClient: 4, waiting: 1_024 };
/** All others, agents among them whose Pod this server has not seen yet. */
const STRANGERS: LaneLimits = { atOnce: 2, ofGroup: 1, perClient: 2, waiting: 32 };

/** Longer than this nobody waits for an attestation. Milliseconds. */
const WAIT_MS = 4_000;

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

interface ReviewLaneDeps {
  readonly limits: LaneLimits;
  readonly review: ReviewToken;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** What a token is refused with that had to give way. */
  readonly refused: (client: string) => Refusal;
}

interface Job extends QueueKey {
  readonly token: string;
  readonly sinceMs: number;
  readonly resolve: (review: Promise<TokenReview>) => void;
  readonly reject: (refusal: Refusal) => void;
}

/** A fair queue before TokenReview. At a limit the oldest token gives way, of the group with the most. */
function createReviewLane({ limits, review, clock, refused }: ReviewLaneDeps) {
  const queue = createFairQueue<Job>(limits.ofGroup);
  let underWay = 0;

  function makeRoom(key: QueueKey): void {
    if (queue.waitingOf(key) >= limits.perClient) refuse(queue.removeOldest(key));
    else if (queue.waiting >= limits.waiting) refuse(queue.removeOldestOfMost());
  }

  function refuse(job: Job | undefined): void {
    job?.reject(refused(job.client));
  }

  function fill(): void {
    while (underWay < limits.atOnce) {
      const job = queue.next();
      if (job === undefined) return;
      begin(job);
    }
  }

  function begin(job: Job): void {
    const { token, sinceMs, resolve, reject } = job;
    if (clock.monotonic() - sinceMs >= WAIT_MS) {
      queue.done(job);
      reject(new Refusal('ServerUnavailable', `the token has waited for ${WAIT_MS / 1000} s to be reviewed`));
      return;
    }
    underWay += 1;
    const reviewed = review(token);
    resolve(reviewed);
    const over = () => {
      underWay -= 1;
      queue.done(job);
      fill();
    };
    reviewed.then(over, over);
  }

  return (token: string, key: QueueKey): Promise<TokenReview> =>
    new Promise((resolve, reject) => {
      makeRoom(key);
      queue.put({ ...key, token, sinceMs: clock.monotonic(), resolve, reject });
      fill();
    });
}
