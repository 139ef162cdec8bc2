import type { HttpAnswer, HttpRequest, Places } from '@rolegate/runtime';
import type { Answer } from './answer.ts';
import type { Answered, AnswerMetrics, HoldOutcome } from './answer-record.ts';
import type { Owner } from './connections.ts';
import type { AnswerDescriptions } from './answer-descriptions.ts';
import type { Exchange } from './exchange.ts';
import { renderAnswer } from './render-answer.ts';

export interface FinishDeps {
  readonly waiting: Pick<Places<Exchange>, 'leave'>;
  readonly respond: (request: HttpRequest<Owner>, answer: HttpAnswer) => void;
  readonly descriptions: AnswerDescriptions;
  readonly answered: Answered;
  readonly metrics: Pick<AnswerMetrics, 'held'>;
}

/** The ends of an exchange: it gives its place back, is sent, counted and logged, all of it once. */
export function createFinish({ waiting, respond, descriptions, answered, metrics }: FinishDeps) {
  /** True the first time. */
  function settle(exchange: Exchange): boolean {
    if (exchange.done) return false;
    exchange.done = true;
    if (exchange.place !== undefined) waiting.leave(exchange, exchange.place);
    return true;
  }

  function finish(exchange: Exchange, answer: Answer): void {
    if (!settle(exchange)) return;
    respond(exchange.request, renderAnswer(answer, exchange.requestId));
    if (exchange.held) metrics.held(outcomeOf(answer));
    const facts = descriptions.facts(exchange, answer);
    answered(facts, () => descriptions.record(exchange, answer, facts));
  }

  /** The client left, or its connection was closed because it is another Pod's. */
  function abandon(exchange: Exchange): void {
    if (settle(exchange) && exchange.held) metrics.held('gone');
  }

  return { finish, abandon };
}

function outcomeOf({ code, status }: Answer): HoldOutcome {
  if (code === '' || code === 'MetadataNotFound') return 'served';
  return status === 503 || code === 'AmbiguousIp' ? 'timeout' : 'refused';
}
