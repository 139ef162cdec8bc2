import { createHash } from 'node:crypto';
import { Refusal } from '@rolegate/protocol';
import { createMemory } from '@rolegate/runtime';
import type { Clock } from '@rolegate/runtime';
import type { ServerMemory } from '../memory.ts';
import type { AgentIdentity } from './agent-pods.ts';
import { identityOf } from './agent-token.ts';
import type { TokenFacts } from './agent-token.ts';
import type { ReviewToken, TokenReview } from './token-review.ts';

/** How long a good review counts: an agent that opens streams again and again does not ask the API server each time. Milliseconds. */
const REMEMBER_MS = 60_000;
/** Twice the nodes of a large cluster. */
const MOST_REMEMBERED = 10_000;

export interface AttestationDeps extends TokenFacts {
  readonly review: ReviewToken;
  readonly clock: Clock;
  readonly memory?: ServerMemory;
}

/** The node that a token proves now; rejects with a Refusal. The Pod behind it is looked at each time. */
export type Attestation = (token: string) => Promise<AgentIdentity>;

export function createAttestation(deps: AttestationDeps): Attestation {
  const { review, clock, memory = createMemory({ clock }), ...facts } = deps;
  const good = memory.remember<TokenReview>('attested_tokens', {
    keepMs: REMEMBER_MS,
    most: MOST_REMEMBERED,
  });

  return async (token) => {
    if (token === '') throw new Refusal('ForeignNode', 'the token is empty: give the agent --token-file');
    // The token itself is not kept.
    const key = createHash('sha256').update(token).digest('base64');
    const known = good.get(key);
    if (known !== undefined) return identityOf(known, facts);
    const reviewed = await review(token);
    const identity = identityOf(reviewed, facts);
    // A node can have as many tokens made as it likes.
    good.set(key, reviewed, identity.node);
    return identity;
  };
}
