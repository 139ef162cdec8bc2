import { ownerUid } from '../addresses/caller.ts';
import type { Tokens } from '../imds-tokens/tokens.ts';
import { document } from '../pod-http/answer/answer.ts';
import type { Answer } from '../pod-http/answer/answer.ts';
import type { Exchange } from '../pod-http/exchange.ts';
import type { HoldAction, HoldExchange } from '../pod-http/holding.ts';
import { createEvaluation, earlyRefusal } from './evaluate.ts';
import type { EvaluationDeps } from './evaluate.ts';
import type { MetadataHead, OpenExchange } from './head.ts';
import { createReading } from './reading.ts';
import type { ReadingDeps } from './reading.ts';
import type { Action } from './rows/situation.ts';

export type AnsweringDeps = EvaluationDeps & ReadingDeps & AnsweringParts;

interface AnsweringParts {
  readonly tokens: Pick<Tokens, 'mint' | 'check'>;
  readonly hold: HoldExchange;
  readonly isHostAllowed: (host: string | undefined) => boolean;
  /** Milliseconds, by User-Agent. */
  readonly holdBudgetMs: (userAgent: string) => number;
}

type Immediate = Exclude<Action, HoldAction>;

const TTL_HEADER = 'X-aws-ec2-metadata-token-ttl-seconds';

/** Answers an exchange, immediately if possible. */
export function createAnswering(deps: AnsweringDeps): (exchange: Exchange<MetadataHead>) => void {
  const { tokens, finish, abandon, guarded, hold, holdBudgetMs, isHostAllowed } = deps;
  const evaluate = createEvaluation(deps);
  const read = createReading(deps);

  function begin(exchange: Exchange<MetadataHead>): void {
    const order = earlyRefusal({ ...exchange.head, isHostAllowed });
    if ('status' in order) {
      finish(exchange, order);
      return;
    }
    const { ttlSeconds } = order;
    const open = exchange as OpenExchange;
    const action = evaluate(open);
    if (action?.kind !== 'hold') {
      follow(open, ttlSeconds, action);
      return;
    }
    hold<Immediate>(open, {
      budgetMs: holdBudgetMs(open.head.headers.userAgent),
      evaluate: () => evaluate(open),
      follow: (later) => {
        follow(open, ttlSeconds, later);
      },
    });
  }

  function follow(exchange: OpenExchange, ttlSeconds: number, action: Immediate | undefined): void {
    if (action === undefined) abandon(exchange);
    else if (action.kind === 'answer') finish(exchange, action.answer);
    else if (action.kind === 'mint') finish(exchange, mint(exchange, ttlSeconds));
    else read(exchange, action);
  }

  function mint({ connection: { ip }, caller }: OpenExchange, ttlSeconds: number): Answer {
    const token = tokens.mint({ ip, uid: caller && ownerUid(caller), ttlSeconds });
    return { ...document(token), headers: [TTL_HEADER, String(ttlSeconds)] };
  }

  return (exchange) => {
    guarded(exchange, () => {
      begin(exchange);
    });
  };
}
