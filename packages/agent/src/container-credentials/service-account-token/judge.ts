import { hash as hashOf } from 'node:crypto';
import { createChanges } from '@rolegate/runtime';
import type { ClientName, Clock, Log } from '@rolegate/runtime';
import type { AgentMemory } from '../../memory/memory.ts';
import type { TokenJudge, TokenJudgement } from '../token-judge.ts';
import { checkClaims } from './claims.ts';
import type { IssuerKeys } from './issuer-keys.ts';
import { parseToken, shapeFault } from './parse-token.ts';
import { createReviews } from './reviews.ts';
import type { TokenReviewer } from './reviews.ts';
import { createVerdicts } from './verdicts.ts';
import { createVerifications } from './verifications.ts';

/** What clients can exceed, as named in metric and log. */
export type TokenLimit = 'token_verifications' | 'token_reviews';

export interface TokenJudgeDeps {
  readonly audience: string;
  readonly keys: Pick<IssuerKeys, 'find' | 'condition' | 'onChange'>;
  readonly reviewer: TokenReviewer;
  /** The time that tokens are checked by. Milliseconds since the epoch. */
  readonly nowMs: () => number;
  /** A client exceeds its rate from this source address. */
  readonly limited: (limit: TokenLimit, from: string) => void;
  /** Who pays for a token from this source address that claims to be of the Pod with this UID. */
  readonly clientOf: (from: string, podUid: string) => ClientName;
  readonly memory: AgentMemory;
  readonly clock: Clock;
  readonly log: Log;
}

/** Verifies ServiceAccount tokens with the API server's keys, and asks a server about those whose key or issuer is unknown. */
export function createTokenJudge(deps: TokenJudgeDeps): TokenJudge {
  const { audience, keys, clientOf, nowMs, log } = deps;
  const changes = createChanges({ log, of: 'ServiceAccount tokens' });
  const verdicts = createVerdicts(deps);
  const verifications = createVerifications({ ...deps, verdicts, changed: changes.notify });
  const reviews = createReviews({ ...deps, verdicts, changed: changes.notify });
  keys.onChange(changes.notify);

  function judgeNew(hash: string, token: string, from: string): TokenJudgement {
    const parsed = parseToken(token);
    if ('fault' in parsed) return { kind: 'invalid', ...parsed };
    const claims = checkClaims(parsed.claims, { audience, nowMs: nowMs() });
    if ('fault' in claims) return { kind: 'invalid', ...claims };
    const client = clientOf(from, claims.pod.podUid);
    const key = keys.find(parsed.keyId, claims.issuer);
    if (key === undefined) return reviews.judge({ hash, token, keyId: parsed.keyId, claims, from, client });
    if (key.algorithm !== parsed.algorithm)
      return { kind: 'invalid', fault: 'its algorithm is not that of the key that it names' };
    return verifications.judge({ hash, token: parsed, claims, key, from, client });
  }

  function judge(token: string, from: string): TokenJudgement {
    const fault = shapeFault(token);
    if (fault !== undefined) return { kind: 'invalid', fault };
    const hash = hashOf('sha256', token, 'base64url');
    const known = verdicts.get(hash) ?? verifications.pending(hash) ?? reviews.pending(hash);
    return known ?? judgeNew(hash, token, from);
  }

  return {
    judge: (token, from) => readable(judge(token, from)),
    onChange: changes.on,
  };
}

/** Completes a fault, which begins with "it". */
function readable(judgement: TokenJudgement): TokenJudgement {
  if (judgement.kind !== 'invalid') return judgement;
  return { kind: 'invalid', fault: `the ServiceAccount token is invalid: ${judgement.fault}` };
}
