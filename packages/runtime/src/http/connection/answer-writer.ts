import type { Clock } from '../../time/clock.ts';
import type { HttpConnection, HttpLimits } from './connection.ts';
import { createDate, messageText } from '../message/message.ts';
import type { HttpAnswer } from '../message/message.ts';
import type { Unread } from '../unread/unread.ts';

/**
 * How long, and for how many bytes, a client is read after its last answer, so that it can read the answer before a
 * reset.
 */
const LINGER_MS = 500;
export const LINGER_BYTES = 262_144;

export interface AnswerWriterDeps<Context> {
  readonly limits: Pick<HttpLimits, 'keepAliveMs' | 'answerMs'>;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly unread: Pick<Unread<HttpConnection<Context>>, 'wrote'> | undefined;
  /** The kernel has the answer, and the connection stays open. */
  readonly written: (connection: HttpConnection<Context>) => void;
}

export type AnswerWriter<Context> = ReturnType<typeof createAnswerWriter<Context>>;

/** Sends answers and ends connections. */
export function createAnswerWriter<Context>(deps: AnswerWriterDeps<Context>) {
  type Connection = HttpConnection<Context>;
  const { limits, clock, unread, written } = deps;
  const date = createDate(clock.now);

  /** `head` sends headers only. `last` ends the connection after the answer. */
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

  /** Answers nothing more. The client can still read what was sent. */
  function linger(connection: Connection): void {
    const { socket, client, clientEnded } = connection;
    connection.pending = '';
    connection.stage = 'lingering';
    // It has had its answer, so it is evicted first.
    if (client.occupants.has(connection)) client.idle.add(connection);
    connection.deadlineMs = clock.monotonic() + (clientEnded ? limits.answerMs : LINGER_MS);
    if (clientEnded) {
      // The kernel still sends what it has. Ending before closing would cost a system call.
      if (socket.writableLength === 0) socket.destroy();
      else socket.destroySoon();
      return;
    }
    if (!socket.writableEnded) socket.end();
    socket.resume();
  }

  return { send, linger };
}
