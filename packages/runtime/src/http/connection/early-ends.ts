import type { AnswerWriter } from './answer-writer.ts';
import { reset } from './connection.ts';
import type { HttpConnection, HttpHooks, HttpLimit, HttpLimits, HttpRefusal } from './connection.ts';
import type { Unread } from '../unread/unread.ts';

export interface RefusalsDeps<Context> {
  readonly hooks: Pick<HttpHooks<Context>, 'refused'>;
  readonly unread: Pick<Unread<HttpConnection<Context>>, 'mayAnswer'> | undefined;
  readonly send: AnswerWriter<Context>['send'];
  readonly limited: Limited<Context>;
}

/** The connection's client reached a limit. */
export type Limited<Context> = (limit: HttpLimit, connection: HttpConnection<Context>) => void;

/** The limit that each refusal is counted as. */
const LIMIT_OF: Readonly<Record<HttpRefusal['kind'], HttpLimit | undefined>> = {
  malformed: undefined,
  'head too large': 'head_bytes',
  'head timeout': 'head_time',
  'body too large': 'body_bytes',
  'body timeout': 'body_time',
  'too many connections': undefined,
};

/** Answers what does not become a request, as the last answer of its connection. */
export function createRefusals<Context>({ hooks, unread, send, limited }: RefusalsDeps<Context>) {
  return function refuse(connection: HttpConnection<Context>, refusal: HttpRefusal): void {
    const limit = LIMIT_OF[refusal.kind];
    if (limit !== undefined) limited(limit, connection);
    connection.client.idle.delete(connection);
    if (unread?.mayAnswer(connection) === false) {
      reset(connection);
      return;
    }
    send(connection, hooks.refused(refusal, connection), { head: false, last: true });
  };
}

export interface EarlyEndsDeps<Context> {
  readonly limits: Pick<HttpLimits, 'unread'>;
  readonly refuse: (connection: HttpConnection<Context>, refusal: HttpRefusal) => void;
  readonly limited: Limited<Context>;
}

/** Ends connections early. */
export function createEarlyEnds<Context>({ limits, refuse, limited }: EarlyEndsDeps<Context>) {
  type Connection = HttpConnection<Context>;

  /** Handles a connection whose time is over. */
  function expired(connection: Connection): void {
    switch (connection.stage) {
      case 'reading':
        // A client that has not begun a request is not told that it is late.
        if (connection.pending === '') connection.socket.destroy();
        else refuse(connection, { kind: 'head timeout' });
        return;
      case 'body':
        refuse(connection, { kind: 'body timeout' });
        return;
      case 'unread':
      case 'draining':
        limited('answer_time', connection);
        reset(connection);
        return;
      case 'turn':
      case 'answering':
      case 'closed':
        return; // no deadline
      case 'refusing':
      case 'lingering':
        // An unread answer would stay in the kernel.
        if (connection.unread > (limits.unread?.perConnection ?? 0)) reset(connection);
        else connection.socket.destroy();
    }
  }

  /** Ends a connection that gives up its place. */
  function evict(connection: Connection): void {
    const { request } = connection;
    if (request !== undefined) {
      connection.request = undefined;
      refuse(connection, { kind: 'too many connections' });
      request.gone?.();
    } else if (connection.pending === '') connection.socket.destroy();
    else reset(connection);
  }

  return { expired, evict };
}
