import { BUG_HINT, describeError } from '@rolegate/runtime';
import type { Log } from '@rolegate/runtime';
import { ownerUid } from '../addresses/caller.ts';
import type { Tokens } from '../imds-tokens/tokens.ts';
import type { OtherMetadata } from '../node-imds/other-metadata.ts';
import { document, fault } from '../pod-http/answer/answer.ts';
import type { Answer } from '../pod-http/answer/answer.ts';
import type { Completion } from '../pod-http/complete-exchange.ts';
import { createEvaluation, earlyRefusal } from './evaluate.ts';
import type { EvaluationDeps } from './evaluate.ts';
import type { Exchange, OpenExchange } from '../pod-http/exchange.ts';
import type { Action } from './rows/situation.ts';
import { createHolding, createReading, createTakePlace } from '../pod-http/holding.ts';
import type { Guard, HoldingDeps, Started, TakePlaceDeps } from '../pod-http/holding.ts';

export interface AnsweringDeps
  extends EvaluationDeps, TakePlaceDeps, Omit<HoldingDeps, 'evaluate' | 'follow' | 'guarded' | 'takePlace'> {
  readonly other: OtherMetadata;
  readonly tokens: Pick<Tokens, 'mint' | 'check'>;
  readonly isHostAllowed: (host: string | undefined) => boolean;
  readonly log: Log;
}

const TTL_HEADER = 'X-aws-ec2-metadata-token-ttl-seconds';

/** Answers an exchange, immediately if possible. */
export function createAnswering(deps: AnsweringDeps): (exchange: Exchange) => void {
  const { tokens, finish, abandon, isHostAllowed } = deps;
  const evaluate = createEvaluation(deps);
  const guarded = createGuard(deps);
  const waiting = { ...deps, evaluate, follow, guarded, takePlace: createTakePlace(deps) };
  const hold = createHolding(waiting);
  const read = createReading(waiting);

  function begin(exchange: Exchange): void {
    const order = earlyRefusal({ ...exchange, isHostAllowed });
    if ('status' in order) {
      finish(exchange, order);
      return;
    }
    const started = { exchange: exchange as OpenExchange, ttlSeconds: order.ttlSeconds };
    const action = evaluate(started.exchange);
    if (action?.kind !== 'hold') follow(started, action);
    else hold(started);
  }

  function follow(
    { exchange, ttlSeconds }: Started,
    action: Exclude<Action, { kind: 'hold' }> | undefined,
  ): void {
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

/** A bug costs one request, never the process. */
function createGuard({ finish, log }: Pick<Completion, 'finish'> & { readonly log: Log }): Guard {
  return (exchange, step) => {
    try {
      return step();
    } catch (error) {
      log.error('request failed', {
        error: describeError(error),
        requestId: exchange.requestId,
        hint: BUG_HINT,
      });
      if (exchange.done) exchange.connection.socket.destroy();
      else finish(exchange, fault(503, 'InternalFault', { detail: describeError(error) }));
      return undefined;
    }
  };
}
