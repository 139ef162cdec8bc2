import type { ReviewTokenResponseRead } from '@rolegate/protocol';
import { createOutageLog, describeError } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';
import type { AgentMemory } from '../../memory/memory.ts';
import type { TokenJudgement } from '../token-judge.ts';
import type { CheckedClaims } from './claims.ts';
import { createClientTurns } from './client-turns.ts';
import type { TurnLimits } from './client-turns.ts';
import type { IssuerKeys, KeysCondition } from './issuer-keys.ts';
import type { Verdicts } from './verdicts.ts';

/** Asks a server, which asks the API server. */
export interface TokenReviewer {
  /** False: no server is connected. */
  readonly isConnected: () => boolean;
  /** Rejects without an answer, in bounded time. */
  readonly review: (token: string) => Promise<ReviewTokenResponseRead>;
}

export interface ReviewsDeps {
  readonly keys: Pick<IssuerKeys, 'condition'>;
  readonly reviewer: TokenReviewer;
  readonly verdicts: Pick<Verdicts, 'reviewed' | 'invalid'>;
  readonly limited: (limit: 'token_reviews', client: string) => void;
  /** Called when tokens may be judged again. */
  readonly changed: () => void;
  readonly memory: AgentMemory;
  readonly clock: Clock;
  readonly log: Log;
}

/** A token whose key or issuer is unknown. */
export interface UnknownToken {
  readonly hash: string;
  readonly token: string;
  readonly claims: CheckedClaims;
  /** The client. */
  readonly from: string;
}

export interface Reviews {
  /** Undefined: the token is not being reviewed. */
  readonly pending: (hash: string) => TokenJudgement | undefined;
  /** Has the token reviewed if a server is connected. */
  readonly judge: (token: UnknownToken) => TokenJudgement;
}

/** A review costs the servers and the API server milliseconds. */
const REVIEWS: TurnLimits = {
  ofClient: { ratePerSecond: 0.5, burst: 4 },
  ofAll: { ratePerSecond: 10, burst: 20 },
  waitingOfClient: 4,
  waiting: 64,
};
/** How long a token is not reviewed again after no server has answered. Milliseconds. */
const AGAIN_MS = 2_000;
/** Characters of a server's text in a log line. */
const LONGEST_FAULT = 256;

const HINT =
  'ServiceAccount tokens of unknown keys are held while this fails. Check that the servers can read /openid/v1/jwks and create TokenReviews.';

const WAITS_FOR: Readonly<Record<KeysCondition, string>> = {
  none: "the API server's keys",
  current: 'the review of a ServiceAccount token of an unknown key or issuer',
  outdated: "the API server's keys, because no server has been connected for 24 h",
};

/** Has tokens reviewed, each once at a time. */
export function createReviews(deps: ReviewsDeps): Reviews {
  const { keys, reviewer, verdicts, clock, log, changed } = deps;
  const outage = createOutageLog({ clock, log });
  /** Tokens that wait for a review or its answer, by hash. */
  const pending = new Set<string>();
  const takeTurn = createClientTurns({
    ...deps,
    limits: REVIEWS,
    limited: (client) => {
      deps.limited('token_reviews', client);
    },
  });

  function over(hash: string): void {
    pending.delete(hash);
    changed();
  }

  async function review({ hash, token, claims, from }: UnknownToken): Promise<void> {
    try {
      const fault = faultOf(await reviewer.review(token), claims);
      const ended = outage.over();
      if (ended !== undefined) log.info('token reviews recovered', ended);
      if (fault === undefined) verdicts.reviewed(hash, claims);
      else verdicts.invalid(hash, fault, from);
      over(hash);
    } catch (error) {
      outage.failed('warn', 'token review failed', { error: describeError(error), hint: HINT });
      clock.schedule(AGAIN_MS, () => {
        over(hash);
      });
    }
  }

  const unknown = (): TokenJudgement => ({ kind: 'unknown', waitsFor: WAITS_FOR[keys.condition()] });
  return {
    pending: (hash) => (pending.has(hash) ? unknown() : undefined),
    judge(token) {
      if (reviewer.isConnected()) {
        pending.add(token.hash);
        takeTurn(token.from, {
          run: () => void review(token),
          dropped: () => void pending.delete(token.hash),
        });
      }
      return unknown();
    },
  };
}

/** Why a reviewed token is invalid; undefined if it is valid. */
function faultOf({ podUid, fault }: ReviewTokenResponseRead, { pod }: CheckedClaims): string | undefined {
  if (podUid === pod.podUid) return undefined;
  if (podUid !== '') return 'the review names another Pod than the token';
  return `the review refuses it: ${fault.slice(0, LONGEST_FAULT)}`;
}
