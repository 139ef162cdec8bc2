import type { Clock } from '../../time/clock.ts';
import type { AnswerWriter } from './answer-writer.ts';
import type { HttpConnection, HttpHooks, HttpLimits, HttpRefusal, HttpRequest } from './connection.ts';
import type { Limited } from './early-ends.ts';
import type { createHeadParser } from '../message/known-heads.ts';
import type { HttpAnswer } from '../message/message.ts';
import { createRequestParser, createRequestReader } from './request-reader.ts';
import type { RequestParser } from './request-reader.ts';
import { createTurns } from '../clients/turns.ts';
import type { Unread } from '../unread/unread.ts';

export interface RequestsDeps<Context> {
  readonly limits: HttpLimits;
  readonly hooks: HttpHooks<Context>;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly parseHead: ReturnType<typeof createHeadParser>;
  readonly unread: Unread<HttpConnection<Context>> | undefined;
  readonly writer: AnswerWriter<Context>;
  readonly refuse: (connection: HttpConnection<Context>, refusal: HttpRefusal) => void;
  readonly limited: Limited<Context>;
  readonly isClosing: () => boolean;
  readonly guarded: (step: Step<Context>) => Step<Context>;
}

type Step<Context> = (connection: HttpConnection<Context>) => void;

/** Handles requests from arriving bytes to the answer. */
export function createRequests<Context>(deps: RequestsDeps<Context>) {
  const { limits, hooks, clock, parseHead, unread, writer, refuse, limited, isClosing, guarded } = deps;
  const { send, linger } = writer;
  const parser = createRequestParser<Context>({
    limits,
    parseHead,
    bodyBytes: hooks.bodyBytes,
    refuse,
    now: clock.monotonic,
  });
  const { begin, respond } = createExchange<Context>({ limits, hooks, unread, send, limited, isClosing });
  const { ready, unblock, closed } = createRequestTurns<Context>({
    limits,
    clock,
    unread,
    takeHead: parser.takeHead,
    begin,
    guarded,
  });
  const { advance } = createRequestReader<Context>({
    limits,
    takeBody: parser.takeBody,
    ready,
    refuse,
    end: linger,
    now: clock.monotonic,
  });
  return { advance, unblock, respond, closed };
}

interface RequestTurnsDeps<Context> {
  readonly limits: Pick<HttpLimits, 'answerMs'>;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly unread: Pick<Unread<HttpConnection<Context>>, 'mayAnswer' | 'gone'> | undefined;
  readonly takeHead: RequestParser<Context>['takeHead'];
  /** The user now has the request. */
  readonly begin: (connection: HttpConnection<Context>) => void;
  readonly guarded: (step: Step<Context>) => Step<Context>;
}

/** Chooses the next request: clients take turns, and those with too much unread wait. */
function createRequestTurns<Context>(deps: RequestTurnsDeps<Context>) {
  type Connection = HttpConnection<Context>;
  const { limits, clock, unread, takeHead, begin } = deps;
  const blocked = new Set<Connection>();
  const turns = createTurns<Connection>({
    run: deps.guarded(serve),
    defer: setImmediate,
    now: clock.monotonic,
  });

  function ready(connection: Connection, later: boolean): void {
    connection.stage = 'turn';
    connection.deadlineMs = Infinity;
    connection.client.idle.delete(connection);
    if (later) turns.takeLater(connection, connection.client);
    else turns.take(connection, connection.client);
  }

  function serve(connection: Connection): void {
    // An evicted connection closes only after this turn of the event loop.
    if (connection.stage !== 'turn' || connection.socket.destroyed) return;
    if (connection.head === undefined && !takeHead(connection)) return;
    if (unread?.mayAnswer(connection) === false) {
      connection.stage = 'unread';
      connection.deadlineMs = clock.monotonic() + limits.answerMs;
      blocked.add(connection);
    } else begin(connection);
  }

  /** Called after the send queues have been read. */
  function unblock(): void {
    for (const connection of blocked) {
      // Connections that may still not be answered keep their deadline.
      if (connection.stage === 'unread' && unread?.mayAnswer(connection) === false) continue;
      blocked.delete(connection);
      if (connection.stage === 'unread') ready(connection, true);
    }
  }

  function closed(connection: Connection): void {
    connection.stage = 'closed';
    connection.pending = '';
    unread?.gone(connection);
    blocked.delete(connection);
    const { request } = connection;
    connection.request = undefined;
    request?.gone?.();
  }

  return { ready, unblock, closed };
}

interface ExchangeDeps<Context> {
  readonly limits: Pick<HttpLimits, 'behindBytes'>;
  readonly hooks: Pick<HttpHooks<Context>, 'request'>;
  readonly unread: Pick<Unread<HttpConnection<Context>>, 'mustEnd'> | undefined;
  readonly send: AnswerWriter<Context>['send'];
  readonly limited: Limited<Context>;
  readonly isClosing: () => boolean;
}

/** Passes a request to the user and receives its answer. */
function createExchange<Context>(deps: ExchangeDeps<Context>) {
  const { limits, hooks, unread, send, limited, isClosing } = deps;

  function begin(connection: HttpConnection<Context>): void {
    const { head, body } = connection;
    if (head === undefined) return;
    if (!connection.last && connection.pending.length > limits.behindBytes) {
      limited('pipelined_bytes', connection);
      connection.last = true;
    }
    if (head.asksForUpgrade && connection.pending !== '') connection.last = true;
    if (connection.last) connection.pending = '';
    connection.stage = 'answering';
    connection.deadlineMs = Infinity;
    const request: HttpRequest<Context> = { connection, head, body, gone: undefined };
    connection.request = request;
    hooks.request(request);
  }

  /** Sends the answer to a request. Later answers to the same request are ignored. */
  function respond(request: HttpRequest<Context>, answer: HttpAnswer): void {
    const { connection, head } = request;
    if (connection.request !== request) return;
    connection.request = undefined;
    const isLast = connection.last || !head.keepAlive || isClosing() || unread?.mustEnd(connection) === true;
    send(connection, answer, { head: head.method === 'HEAD', last: isLast });
  }

  return { begin, respond };
}
