import type { Clock } from '@rolegate/runtime';
import type { AgentMemory } from '../../memory/memory.ts';
import type { TokenJudgement } from '../token-judge.ts';
import { EXPIRED, isExpired } from './claims.ts';
import type { CheckedClaims } from './claims.ts';
import type { IssuerKey, IssuerKeys } from './issuer-keys.ts';

/** How long a token counts as valid by a review (DESIGN.md 4.12). Milliseconds. */
const REVIEWED_MS = 600_000;
/** How often expired tokens are forgotten that were verified here. Milliseconds. */
const VERIFIED_MS = 600_000;
/** How long a token counts as invalid because of its signature or a review. Milliseconds. */
const INVALID_MS = 10_000;

/** Several for each Pod of the largest nodes: a Pod has two while its token is renewed. */
const MOST = 1_024;

type Known = Extract<TokenJudgement, { readonly kind: 'valid' | 'invalid' }>;

/** What is known about tokens, by their hash. */
export interface Verdicts {
  readonly get: (hash: string) => Known | undefined;
  /** Verified with a key, and therefore valid as long as it is. */
  readonly verified: (hash: string, claims: CheckedClaims, key: IssuerKey) => void;
  /** Valid according to a review. */
  readonly reviewed: (hash: string, claims: CheckedClaims) => void;
  /** `client` is charged for the place. */
  readonly invalid: (hash: string, fault: string, client: string) => void;
}

export interface VerdictsDeps {
  readonly memory: AgentMemory;
  readonly keys: Pick<IssuerKeys, 'find'>;
  /** The time that tokens are checked by. Milliseconds since the epoch. */
  readonly nowMs: Clock['now'];
}

interface Verified {
  readonly claims: CheckedClaims;
  readonly key: IssuerKey;
}

/** Remembers verdicts. Each Pod has its share of what is valid, and each client of what is not. */
export function createVerdicts({ memory, keys, nowMs }: VerdictsDeps): Verdicts {
  const kind = 'service_account_tokens';
  const isVerified = ({ claims, key }: Verified) => keys.find(key.id, claims.issuer) === key;
  const verified = memory.remember<Verified>(kind, {
    keepMs: VERIFIED_MS,
    most: MOST,
    stays: (_, { claims }) => !isExpired(claims, nowMs()),
  });
  const reviewed = memory.remember<CheckedClaims>(kind, { keepMs: REVIEWED_MS, most: MOST });
  const faults = memory.remember<string>(kind, { keepMs: INVALID_MS, most: MOST });

  function validClaims(hash: string): CheckedClaims | undefined {
    const known = verified.get(hash);
    return known !== undefined && isVerified(known) ? known.claims : reviewed.get(hash);
  }

  return {
    get(hash) {
      const claims = validClaims(hash);
      if (claims === undefined) {
        const fault = faults.get(hash);
        return fault === undefined ? undefined : { kind: 'invalid', fault };
      }
      if (isExpired(claims, nowMs())) return { kind: 'invalid', fault: EXPIRED };
      return { kind: 'valid', claims: claims.pod };
    },
    verified(hash, claims, key) {
      verified.set(hash, { claims, key }, claims.pod.podUid);
    },
    reviewed(hash, claims) {
      reviewed.set(hash, claims, claims.pod.podUid);
    },
    invalid(hash, fault, client) {
      faults.set(hash, fault, client);
    },
  };
}
