import type { HttpAnswer, HttpRefusal } from '@rolegate/runtime';
import { fault, refusal as refusalFor } from './answer.ts';
import type { Answer } from './answer.ts';
import type { Answered } from './answer-record.ts';
import type { Connection } from './connections.ts';
import { describeUnparsed } from './answer-descriptions.ts';
import { renderAnswer } from './render-answer.ts';

export interface RefusedDeps {
  readonly requestId: () => string;
  readonly answered: Answered;
}

/** The answer to what did not become a request, which is counted and logged like any other. */
export function createRefused({ requestId, answered }: RefusedDeps) {
  return (refusal: HttpRefusal, connection: Connection): HttpAnswer => {
    const answer = answerFor(refusal);
    const id = requestId();
    const record = describeUnparsed(connection, answer, id);
    answered(record, () => record);
    return renderAnswer(answer, id);
  };
}

function answerFor(refusal: HttpRefusal): Answer {
  switch (refusal.kind) {
    case 'malformed':
      return fault(400, 'MalformedRequest', { detail: refusal.detail });
    case 'head too large':
      return fault(431, 'HeadersTooLarge', { detail: refusal.detail });
    case 'head timeout':
    case 'body timeout':
      return fault(408, 'RequestTimeout');
    case 'body too large':
      return fault(413, 'BodyTooLarge');
    case 'too many connections':
      return refusalFor('TooManyRequests', { detail: 'too many connections' });
  }
}
