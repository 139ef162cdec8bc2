import { hash as hashOf } from 'node:crypto';
import { createChanges } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';
import type { AgentMemory } from '../../memory/memory.ts';
import type { TokenJudge, TokenJudgement } from '../token-judge.ts';
import { isSignedBy } from './algorithms.ts';
import { checkClaims } from './claims.ts';
import type { CheckedClaims } from './claims.ts';
import { createClientTurns } from './client-turns.ts';
import type { TurnLimits } from './client-turns.ts';
import type { IssuerKey, IssuerKeys } from './issuer-keys.ts';
import { parseToken, shapeFault } from './parse-token.ts';
import type { ParsedToken } from './parse-token.ts';
import { createReviews } from './reviews.ts';
import type { TokenReviewer } from './reviews.ts';
import { createVerdicts } from './verdicts.ts';

/** What clients can exceed, as named in metric and log. */
export type TokenLimit = 'token_verifications' | 'token_reviews';

export interface TokenJudgeDeps {
  readonly audience: string;
  readonly keys: Pick<IssuerKeys, 'find' | 'condition' | 'onChange'>;
  readonly reviewer: TokenReviewer;
  /** The time that tokens are checked by. Milliseconds since the epoch. */
  readonly nowMs: () => number;
  readonly limited: (limit: TokenLimit, client: string) => void;
  readonly memory: AgentMemory;
  readonly clock: Clock;
  readonly log: Log;
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

const WAITS_FOR_TURN = 'its turn among the ServiceAccount tokens to verify';

/** Verifies ServiceAccount tokens with the API server's keys, and asks a server about those whose key or issuer is unknown. */
export function createTokenJudge(deps: TokenJudgeDeps): TokenJudge {
  const { audience, keys, nowMs, log, limited } = deps;
  const changes = createChanges({ log, of: 'ServiceAccount tokens' });
  const verdicts = createVerdicts(deps);
  const takeTurn = createClientTurns({
    ...deps,
    limits: VERIFICATIONS,
    limited: (client) => {
      limited('token_verifications', client);
    },
  });
  const reviews = createReviews({ ...deps, verdicts, changed: changes.notify });
  /** Tokens that wait for their verification, by hash. */
  const queued = new Set<string>();
  keys.onChange(changes.notify);

  function verify(hash: string, { token, claims, key, from }: Verification): void {
    if (isSignedBy(key, token)) verdicts.verified(hash, claims, key);
    else verdicts.invalid(hash, 'its signature is not of the key that it names', from);
  }

  /** Verifies now if it is the client's turn. */
  function verifyInTurn(hash: string, verification: Verification): void {
    let isLater = false;
    queued.add(hash);
    takeTurn(verification.from, {
      run() {
        queued.delete(hash);
        verify(hash, verification);
        if (isLater) changes.notify();
      },
      dropped: () => void queued.delete(hash),
    });
    isLater = true;
  }

  function judgeNew(hash: string, token: string, from: string): TokenJudgement {
    const parsed = parseToken(token);
    if ('fault' in parsed) return { kind: 'invalid', ...parsed };
    const claims = checkClaims(parsed.claims, { audience, nowMs: nowMs() });
    if ('fault' in claims) return { kind: 'invalid', ...claims };
    const key = keys.find(parsed.keyId, claims.issuer);
    if (key === undefined) return reviews.judge({ hash, token, claims, from });
    if (key.algorithm !== parsed.algorithm)
      return { kind: 'invalid', fault: 'its algorithm is not that of the key that it names' };
    verifyInTurn(hash, { token: parsed, claims, key, from });
    return verdicts.get(hash) ?? { kind: 'unknown', waitsFor: WAITS_FOR_TURN };
  }

  return {
    judge(token, from) {
      const fault = shapeFault(token);
      if (fault !== undefined) return { kind: 'invalid', fault };
      const hash = hashOf('sha256', token, 'base64url');
      const known = verdicts.get(hash);
      if (known !== undefined) return known;
      if (queued.has(hash)) return { kind: 'unknown', waitsFor: WAITS_FOR_TURN };
      return reviews.pending(hash) ?? judgeNew(hash, token, from);
    },
    onChange: changes.on,
  };
}

interface Verification {
  readonly token: ParsedToken;
  readonly claims: CheckedClaims;
  readonly key: IssuerKey;
  /** The client. */
  readonly from: string;
}
