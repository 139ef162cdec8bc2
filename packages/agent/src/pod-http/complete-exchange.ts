import type { HttpAnswer, HttpRefusal, HttpRequest, Places } from '@rolegate/runtime';
import { fault, refusal } from './answer/answer.ts';
import type { Answer } from './answer/answer.ts';
import { describeUnparsed } from './answer-descriptions.ts';
import type { AnswerDescriptions } from './answer-descriptions.ts';
import type { Answered, AnswerMetrics, HoldOutcome } from './answer/record.ts';
import type { Connection, Owner } from './connections.ts';
import type { Exchange } from './exchange.ts';
import { renderAnswer } from './answer/render.ts';

export interface CompletionDeps {
  readonly waiting: Pick<Places<Exchange>, 'leave'>;
  readonly respond: (request: HttpRequest<Owner>, answer: HttpAnswer) => void;
  readonly descriptions: AnswerDescriptions;
  readonly answered: Answered;
  readonly metrics: Pick<AnswerMetrics, 'held'>;
}

/** The end of an exchange: its place is released, and it is answered, counted and logged, each once. */
export interface Completion {
  readonly finish: (exchange: Exchange, answer: Answer) => void;
  /** The client left, or its connection was closed because it belongs to another Pod. */
  readonly abandon: (exchange: Exchange) => void;
}

export function createCompletion(deps: CompletionDeps): Completion {
  const { waiting, respond, descriptions, answered, metrics } = deps;

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

  function abandon(exchange: Exchange): void {
    if (settle(exchange) && exchange.held) metrics.held('gone');
  }

  return { finish, abandon };
}

function outcomeOf({ code, status }: Answer): HoldOutcome {
  if (code === '' || code === 'MetadataNotFound') return 'served';
  return status === 503 || code === 'AmbiguousIp' ? 'timeout' : 'refused';
}

export interface RefusedAnswersDeps {
  readonly requestId: () => string;
  readonly answered: Answered;
}

/** Answers data that was never parsed as a request. Counted and logged like any other answer. */
export function createRefusedAnswers({ requestId, answered }: RefusedAnswersDeps) {
  return (refused: HttpRefusal, connection: Connection): HttpAnswer => {
    const answer = answerFor(refused);
    const id = requestId();
    const record = describeUnparsed(connection, answer, id);
    answered(record, () => record);
    return renderAnswer(answer, id);
  };
}

function answerFor(refused: HttpRefusal): Answer {
  switch (refused.kind) {
    case 'malformed':
      return fault(400, 'MalformedRequest', { detail: refused.detail });
    case 'head too large':
      return fault(431, 'HeadersTooLarge', { detail: refused.detail });
    case 'head timeout':
    case 'body timeout':
      return fault(408, 'RequestTimeout');
    case 'body too large':
      return fault(413, 'BodyTooLarge');
    case 'too many connections':
      return refusal('TooManyRequests', { detail: 'too many connections' });
  }
}
