import { createHash } from 'node:crypto';
import { Refusal } from '@rolegate/protocol';
import type { Clock } from '@rolegate/runtime';
import type { AgentIdentity } from './agent-pods.ts';
import { identityOf } from './agent-token.ts';
import type { TokenFacts } from './agent-token.ts';
import type { ReviewToken, TokenReview } from './token-review.ts';

/** A good review counts for so long: who opens streams again and again does not ask the API server each time. Milliseconds. */
const REMEMBER_MS = 60_000;
/** Twice the nodes of a large cluster. */
const MOST_REMEMBERED = 10_000;

export interface AttestationDeps extends TokenFacts {
  readonly review: ReviewToken;
  readonly clock: Clock;
}

/** The node that a token proves now; rejects with a Refusal. The Pod behind it is looked at each time. */
export type Attestation = (token: string) => Promise<AgentIdentity>;

export function createAttestation({ review, clock, ...facts }: AttestationDeps): Attestation {
  const good = new Map<string, { readonly review: TokenReview; readonly untilMs: number }>();

  function remember(key: string, reviewed: TokenReview): void {
    good.delete(key);
    const [first] = good.keys();
    if (good.size >= MOST_REMEMBERED && first !== undefined) good.delete(first);
    good.set(key, { review: reviewed, untilMs: clock.monotonic() + REMEMBER_MS });
  }

  return async (token) => {
    if (token === '') throw new Refusal('ForeignNode', 'the token is empty: give the agent --token-file');
    // The token itself is not kept.
    const key = createHash('sha256').update(token).digest('base64');
    const known = good.get(key);
    if (known !== undefined && known.untilMs > clock.monotonic()) return identityOf(known.review, facts);
    good.delete(key);
    const reviewed = await review(token);
    const identity = identityOf(reviewed, facts);
    remember(key, reviewed);
    return identity;
  };
}
