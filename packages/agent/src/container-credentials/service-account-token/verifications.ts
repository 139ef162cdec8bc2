import type { ClientName, Clock } from '@rolegate/runtime';
import type { AgentMemory } from '../../memory/memory.ts';
import type { TokenJudgement } from '../token-judge.ts';
import { isSignedBy } from './algorithms.ts';
import type { CheckedClaims } from './claims.ts';
import { createClientTurns } from './client-turns.ts';
import type { TurnLimits } from './client-turns.ts';
import type { IssuerKey } from './issuer-keys.ts';
import type { ParsedToken } from './parse-token.ts';
import type { Verdicts } from './verdicts.ts';

export interface VerificationsDeps {
  readonly verdicts: Pick<Verdicts, 'get' | 'verified' | 'invalid'>;
  readonly limited: (limit: 'token_verifications', from: string) => void;
  /** Called when tokens may be judged again. */
  readonly changed: () => void;
  readonly memory: AgentMemory;
  readonly clock: Clock;
}

/** A token whose key is known. */
export interface SignedToken {
  readonly hash: string;
  readonly token: ParsedToken;
  readonly claims: CheckedClaims;
  readonly key: IssuerKey;
  /** The source address. */
  readonly from: string;
  readonly client: ClientName;
}

export interface Verifications {
  /** Undefined: the token does not wait for its verification. */
  readonly pending: (hash: string) => TokenJudgement | undefined;
  /** Verifies the token now if it is its client's turn. */
  readonly judge: (token: SignedToken) => TokenJudgement;
}

/**
 * A signature costs up to 1 ms of CPU. A Pod needs one verification for each of its tokens; the burst of all is enough for the
 * Pods of the largest nodes when an agent starts.
 */
const VERIFICATIONS: TurnLimits = {
  ofClient: { ratePerSecond: 5, burst: 100 },
  ofAll: { ratePerSecond: 100, burst: 400 },
  waitingOfClient: 16,
  waiting: 512,
};

const WAITS: TokenJudgement = {
  kind: 'unknown',
  waitsFor: 'its turn among the ServiceAccount tokens to verify',
};

/** Verifies signatures, each client's in its turn. */
export function createVerifications(deps: VerificationsDeps): Verifications {
  const { verdicts, limited, changed } = deps;
  const takeTurn = createClientTurns({ ...deps, limits: VERIFICATIONS });
  /** Tokens that wait, by hash. */
  const pending = new Set<string>();

  function verify({ hash, token, claims, key, client }: SignedToken): void {
    if (isSignedBy(key, token)) verdicts.verified(hash, claims, key);
    else verdicts.invalid(hash, 'its signature is not of the key that it names', client.name);
  }

  return {
    pending: (hash) => (pending.has(hash) ? WAITS : undefined),
    judge(token) {
      const { hash, client, from } = token;
      let isLater = false;
      pending.add(hash);
      takeTurn(client, {
        run() {
          pending.delete(hash);
          verify(token);
          if (isLater) changed();
        },
        dropped: () => void pending.delete(hash),
        limited() {
          limited('token_verifications', from);
        },
      });
      isLater = true;
      return verdicts.get(hash) ?? WAITS;
    },
  };
}
