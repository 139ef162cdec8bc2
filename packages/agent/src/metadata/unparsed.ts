import type { Clock } from '@rolegate/runtime';
import { fault } from './answer.ts';
import type { Answer } from './answer.ts';
import type { AnswerRecord } from './answer-record.ts';
import type { Connection } from './connections.ts';
import { describeUnparsed } from './describe-answer.ts';
import { answerBytes } from './send-answer.ts';

/** A client that is still sending is listened to for so long, so that it reads the answer before the reset. Milliseconds. */
const LINGER_MS = 500;

const STATUS_TEXTS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
};

export interface UnparsedDeps {
  readonly clock: Pick<Clock, 'schedule'>;
  readonly requestId: () => string;
  readonly answered: (record: AnswerRecord) => void;
}

/** Answers what node:http could not make a request of, and closes the connection. */
export function createUnparsed({ clock, requestId, answered }: UnparsedDeps) {
  return (error: NodeJS.ErrnoException, connection: Connection): void => {
    const { socket } = connection;
    if (connection.refused) return;
    connection.refused = true;
    // An answer in the middle of another's would be read as part of that.
    if (!socket.writable || connection.open > 0 || error.code === 'ECONNRESET') {
      socket.destroy();
      return;
    }
    const answer = answerFor(error);
    const id = requestId();
    socket.end(answerBytes(answer, { requestId: id, statusText: STATUS_TEXTS[answer.status] ?? '' }));
    clock.schedule(LINGER_MS, () => socket.destroy());
    answered(describeUnparsed(connection, answer, id));
  };
}

function answerFor({ code }: NodeJS.ErrnoException): Answer {
  if (code === 'HPE_HEADER_OVERFLOW') return fault(431, 'HeadersTooLarge');
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return fault(408, 'RequestTimeout');
  return fault(400, 'MalformedRequest', {
    detail: code?.startsWith('HPE_') ? `not HTTP: ${code}` : 'not HTTP',
  });
}
