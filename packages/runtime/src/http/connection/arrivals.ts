import { LINGER_BYTES } from './answer-writer.ts';
import { reset } from './connection.ts';
import type { HttpConnection, HttpLimit, HttpLimits, HttpRefusal } from './connection.ts';

type ArrivalLimits = Pick<HttpLimits, 'headBytes' | 'behindBytes'>;

export interface ArrivalsDeps<Context> {
  readonly limits: ArrivalLimits;
  /** More of the current request has arrived, or the client has ended. */
  readonly advance: (connection: HttpConnection<Context>, later: boolean) => void;
  readonly refuse: (connection: HttpConnection<Context>, refusal: HttpRefusal) => void;
  readonly limited: (limit: HttpLimit, connection: HttpConnection<Context>) => void;
}

/** Handles arriving bytes and a client's end in each stage of a connection. */
export function createArrivals<Context>({ limits, advance, refuse, limited }: ArrivalsDeps<Context>) {
  type Connection = HttpConnection<Context>;

  function received(connection: Connection, text: string): void {
    switch (connection.stage) {
      case 'reading':
      case 'body':
        connection.pending += text;
        advance(connection, false);
        return;
      case 'refusing':
        connection.pending = (connection.pending + text).slice(-limits.headBytes);
        if (connection.pending.includes('\r\n\r\n')) refuse(connection, { kind: 'too many connections' });
        return;
      case 'lingering':
        drop(connection, text);
        return;
      case 'closed':
        return;
      case 'turn':
      case 'unread':
      case 'answering':
      case 'draining':
        if (connection.stage === 'answering' && connection.last) {
          drop(connection, text);
          return;
        }
        connection.pending += text;
        if (connection.pending.length > mostKept(connection, limits)) overflow(connection);
    }
  }

  /**
   * Handles more bytes behind a request than are kept: finishes an answer that is nearly sent, else ends the
   * connection.
   */
  function overflow(connection: Connection): void {
    limited('pipelined_bytes', connection);
    if (connection.stage !== 'turn') {
      reset(connection);
      return;
    }
    connection.last = true;
    connection.socket.pause();
  }

  function ended(connection: Connection): void {
    connection.clientEnded = true;
    const { stage, socket } = connection;
    if (stage === 'reading' || stage === 'body') advance(connection, false);
    // A client that gives up looks like one that only stops sending. The former is the usual case.
    else if (stage === 'answering') socket.destroy();
    else if (stage === 'refusing' || stage === 'lingering') socket.destroySoon();
    // In all other stages the earlier request is still answered.
  }

  return { received, ended };
}

/** The request that waits for its turn may not have been parsed. Characters. */
function mostKept({ stage }: HttpConnection<unknown>, { behindBytes, headBytes }: ArrivalLimits): number {
  return behindBytes + (stage === 'turn' ? headBytes : 0);
}

/** Discards bytes that nobody will read. */
function drop<Context>(connection: HttpConnection<Context>, text: string): void {
  connection.dropped += text.length;
  if (connection.dropped > LINGER_BYTES) reset(connection);
}
