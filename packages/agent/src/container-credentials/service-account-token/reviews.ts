import type { ReviewTokenResponseRead } from '@rolegate/protocol';
import { createOutageLog, describeError } from '@rolegate/runtime';
import type { ClientName, Clock, Log } from '@rolegate/runtime';
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
  readonly keys: Pick<IssuerKeys, 'find' | 'condition'>;
  readonly reviewer: TokenReviewer;
  readonly verdicts: Pick<Verdicts, 'reviewed' | 'invalid'>;
  readonly limited: (limit: 'token_reviews', from: string) => void;
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
  readonly keyId: string;
  readonly claims: CheckedClaims;
  /** The source address. */
  readonly from: string;
  readonly client: ClientName;
}

export interface Reviews {
  /** Undefined: the token is not being reviewed, or its key has become known meanwhile. */
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
/** A shorter outage ends without a log line. Milliseconds. */
const OUTAGE_MS = 60_000;
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
  const pending = new Map<string, UnknownToken>();
  const takeTurn = createClientTurns({ ...deps, limits: REVIEWS });

  function over(hash: string): void {
    pending.delete(hash);
    changed();
  }

  function noteAnswer(): void {
    const ended = outage.over();
    // A client can make single reviews fail, for example with made-up Pods.
    if (ended !== undefined && ended.awayMs >= OUTAGE_MS) log.info('token reviews recovered', ended);
  }

  async function review({ hash, token, claims, client }: UnknownToken): Promise<void> {
    try {
      const fault = faultOf(await reviewer.review(token), claims);
      noteAnswer();
      if (fault === undefined) verdicts.reviewed(hash, claims);
      else verdicts.invalid(hash, fault, client.name);
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
    pending(hash) {
      const token = pending.get(hash);
      if (token === undefined || keys.find(token.keyId, token.claims.issuer) !== undefined) return undefined;
      return unknown();
    },
    judge(token) {
      if (reviewer.isConnected()) {
        pending.set(token.hash, token);
        takeTurn(token.client, {
          run: () => void review(token),
          dropped: () => void pending.delete(token.hash),
          limited() {
            deps.limited('token_reviews', token.from);
          },
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
  return `according to a review, ${fault.slice(0, LONGEST_FAULT)}`;
}
