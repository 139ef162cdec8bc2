import type { Answer } from './answer.ts';
import type { AnswerMetrics, AnswerRecord, HoldOutcome } from './answer-record.ts';
import type { DescribeAnswer } from './describe-answer.ts';
import type { Exchange } from './exchange.ts';
import type { Limits } from './limits.ts';
import { sendAnswer } from './send-answer.ts';

export interface FinishDeps {
  readonly limits: Pick<Limits, 'released'>;
  readonly describe: DescribeAnswer;
  readonly answered: (record: AnswerRecord) => void;
  readonly metrics: Pick<AnswerMetrics, 'held'>;
  /** The server stops: each connection ends with its next answer. */
  readonly isClosing: () => boolean;
}

/** The ends of an exchange: it gives its place back, is sent, counted and logged, all of it once. */
export function createFinish({ limits, describe, answered, metrics, isClosing }: FinishDeps) {
  /** True the first time. */
  function settle(exchange: Exchange): boolean {
    if (exchange.done) return false;
    exchange.done = true;
    exchange.connection.open -= 1;
    if (exchange.hasPlace) limits.released(exchange.connection.ip);
    return true;
  }

  function finish(exchange: Exchange, answer: Answer): void {
    if (!settle(exchange)) return;
    const { connection, response, method, headers, requestId, held } = exchange;
    const last = connection.over || headers.hasBody || isClosing();
    sendAnswer(response, answer, { head: method === 'HEAD', last, requestId });
    if (held) metrics.held(outcomeOf(answer));
    answered(describe(exchange, answer));
  }

  /** The client left, or its connection was closed because it is another Pod's. */
  function abandon(exchange: Exchange): void {
    if (settle(exchange) && exchange.held) metrics.held('gone');
  }

  return { finish, abandon };
}

function outcomeOf({ code, status }: Answer): HoldOutcome {
  if (code === '') return 'served';
  return status === 503 || code === 'AmbiguousIp' ? 'timeout' : 'refused';
}
