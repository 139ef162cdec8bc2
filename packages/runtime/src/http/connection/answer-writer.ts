import type { Clock } from '../../time/clock.ts';
import type { HttpConnection, HttpLimits } from './connection.ts';
import { createDate, messageText } from '../message/message.ts';
import type { HttpAnswer } from '../message/message.ts';
import type { Unread } from '../unread/unread.ts';

/** How long, and for how many bytes, a client is listened to that has got its last answer, so that it reads it before a reset. */
const LINGER_MS = 500;
export const LINGER_BYTES = 262_144;

export interface AnswerWriterDeps<Context> {
  readonly limits: Pick<HttpLimits, 'keepAliveMs' | 'answerMs'>;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly unread: Pick<Unread<HttpConnection<Context>>, 'wrote'> | undefined;
  /** The answer is with the kernel, and the connection is kept. */
  readonly written: (connection: HttpConnection<Context>) => void;
}

export type AnswerWriter<Context> = ReturnType<typeof createAnswerWriter<Context>>;

/** Sends answers, and brings connections to their end. */
export function createAnswerWriter<Context>(deps: AnswerWriterDeps<Context>) {
  type Connection = HttpConnection<Context>;
  const { limits, clock, unread, written } = deps;
  const date = createDate(clock.now);

  /** `head`: headers only. `last`: the connection ends with it. */
  function send(
    connection: Connection,
    answer: HttpAnswer,
    { head, last }: { readonly head: boolean; readonly last: boolean },
  ): void {
    const keepAliveMs = last ? 0 : limits.keepAliveMs;
    const text = messageText(answer, { head, keepAliveMs, date: date() });
    connection.answers += 1;
    connection.head = undefined;
    connection.body = '';
    unread?.wrote(connection, text.length);
    if (keepAliveMs === 0) {
      connection.socket.end(text, 'latin1');
      linger(connection);
      return;
    }
    connection.socket.write(text, 'latin1');
    if (connection.socket.writableLength === 0) written(connection);
    else drain(connection);
  }

  function drain(connection: Connection): void {
    connection.stage = 'draining';
    connection.deadlineMs = clock.monotonic() + limits.answerMs;
    connection.socket.write('', () => {
      if (connection.stage === 'draining') written(connection);
    });
  }

  /** Nothing is answered any more; the client may read what it was sent. */
  function linger(connection: Connection): void {
    const { socket, client, clientEnded } = connection;
    connection.pending = '';
    connection.stage = 'lingering';
    // It has had its answer, and makes room first of all.
    if (client.occupants.has(connection)) client.idle.add(connection);
    connection.deadlineMs = clock.monotonic() + (clientEnded ? limits.answerMs : LINGER_MS);
    if (clientEnded) {
      // What the kernel has is sent all the same; an end before the close would cost a system call.
      if (socket.writableLength === 0) socket.destroy();
      else socket.destroySoon();
      return;
    }
    if (!socket.writableEnded) socket.end();
    socket.resume();
  }

  return { send, linger };
}
