import type { Clock } from '../time/clock.ts';
import { createAnswerWriter } from './answer-writer.ts';
import { createArrivals } from './arrivals.ts';
import type {
  HttpConnection,
  HttpHooks,
  HttpLimit,
  HttpLimits,
  HttpRefusal,
  HttpRequest,
} from './connection.ts';
import { reset } from './connection.ts';
import { countOrphans, readSendQueues } from './kernel-queues.ts';
import type { HttpAnswer } from './message.ts';
import type { KnownHeads } from './known-heads.ts';
import { createHeadParser } from './known-heads.ts';
import { createRequestReader } from './request-reader.ts';
import { createTurns } from './turns.ts';
import { createUnread } from './unread.ts';

export interface FlowDeps<Context> {
  readonly limits: HttpLimits;
  readonly hooks: HttpHooks<Context>;
  readonly clock: Pick<Clock, 'now' | 'monotonic' | 'schedule'>;
  /** The ports whose connections these are. */
  readonly ports: ReadonlySet<number>;
  readonly heads: KnownHeads | undefined;
  readonly isClosing: () => boolean;
  readonly failed: (what: 'send queues' | 'connection', error: unknown) => void;
}

/** What a refusal counts as. */
const LIMIT_OF: Readonly<Record<HttpRefusal['kind'], HttpLimit | undefined>> = {
  malformed: undefined,
  'head too large': 'head_bytes',
  'head timeout': 'head_time',
  'body too large': 'body_bytes',
  'body timeout': 'body_time',
  'too many connections': undefined,
};

/** How requests and answers follow one another on connections. */
export function createConnectionFlow<Context>(deps: FlowDeps<Context>) {
  type Connection = HttpConnection<Context>;
  const { limits, hooks, clock, ports, isClosing } = deps;
  const blocked = new Set<Connection>();
  const turns = createTurns<Connection>({ run: guarded(serve), defer: setImmediate, now: clock.monotonic });
  const reader = createRequestReader<Context>({
    limits,
    parseHead: createHeadParser(deps.heads),
    bodyBytes: hooks.bodyBytes,
    ready,
    refuse,
    end: (connection) => {
      writer.linger(connection);
    },
    now: clock.monotonic,
  });
  const unread =
    limits.unread === undefined
      ? undefined
      : createUnread<Connection>({
          limits: limits.unread,
          readQueues: (family) => readSendQueues(family, ports),
          countOrphans,
          reset: (connection) => {
            limited('unread_bytes', connection);
            reset(connection);
          },
          looked: unblock,
          failed: (error) => {
            deps.failed('send queues', error);
          },
          schedule: clock.schedule,
          now: clock.monotonic,
        });

  const writer = createAnswerWriter<Context>({ limits, clock, unread, written: listen });
  const arrivals = createArrivals<Context>({ limits, advance: reader.advance, refuse, limited });

  function ready(connection: Connection, later: boolean): void {
    connection.stage = 'turn';
    connection.deadlineMs = Infinity;
    connection.client.idle.delete(connection);
    if (later) turns.takeLater(connection, connection.client);
    else turns.take(connection, connection.client);
  }

  function serve(connection: Connection): void {
    // One that had to make room closes only after this turn of the event loop.
    if (connection.stage !== 'turn' || connection.socket.destroyed) return;
    if (connection.head === undefined && !reader.takeHead(connection)) return;
    if (unread?.mayAnswer(connection) === false) {
      connection.stage = 'unread';
      connection.deadlineMs = clock.monotonic() + limits.answerMs;
      blocked.add(connection);
    } else begin(connection);
  }

  /** The send queues have been looked at. */
  function unblock(): void {
    for (const connection of blocked) {
      // Who still may not be answered keeps its deadline.
      if (connection.stage === 'unread' && unread?.mayAnswer(connection) === false) continue;
      blocked.delete(connection);
      if (connection.stage === 'unread') ready(connection, true);
    }
  }

  function begin(connection: Connection): void {
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

  /** Sends the answer to a request; later answers to the same one are dropped. */
  function respond(request: HttpRequest<Context>, answer: HttpAnswer): void {
    const { connection, head } = request;
    if (connection.request !== request) return;
    connection.request = undefined;
    const isLast = connection.last || !head.keepAlive || isClosing() || unread?.mustEnd(connection) === true;
    writer.send(connection, answer, { head: head.method === 'HEAD', last: isLast });
  }

  /** For the next request; also called when what was written is canceled, because the connection was reset. */
  function listen(connection: Connection): void {
    if (connection.socket.destroyed) return;
    const nothing = connection.pending === '';
    connection.stage = 'reading';
    connection.deadlineMs = clock.monotonic() + (nothing ? limits.keepAliveMs : limits.headMs);
    connection.client.idle.add(connection);
    if (!nothing || connection.clientEnded) reader.advance(connection, true);
  }

  function refuse(connection: Connection, refusal: HttpRefusal): void {
    const limit = LIMIT_OF[refusal.kind];
    if (limit !== undefined) limited(limit, connection);
    connection.client.idle.delete(connection);
    if (unread?.mayAnswer(connection) === false) {
      reset(connection);
      return;
    }
    writer.send(connection, hooks.refused(refusal, connection), { head: false, last: true });
  }

  function limited(limit: HttpLimit, { client, ip }: Connection): void {
    hooks.limited(limit, { group: client.group.name, name: client.name }, ip);
  }

  /** Its time is over. */
  function expired(connection: Connection): void {
    switch (connection.stage) {
      case 'reading':
        // Who has not begun a request is not told that it came too late.
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
        return; // without a deadline
      case 'refusing':
      case 'lingering':
        // Left unread, an answer would stay with the kernel.
        if (connection.unread > (limits.unread?.perConnection ?? 0)) reset(connection);
        else connection.socket.destroy();
    }
  }

  /** It has to make room. */
  function evict(connection: Connection): void {
    const { request } = connection;
    if (request !== undefined) {
      connection.request = undefined;
      refuse(connection, { kind: 'too many connections' });
      request.gone?.();
    } else if (connection.pending === '') connection.socket.destroy();
    else reset(connection);
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

  /** A hook that throws costs the connection, never the process. */
  function guarded<More extends unknown[]>(step: (connection: Connection, ...more: More) => void) {
    return (connection: Connection, ...more: More): void => {
      try {
        step(connection, ...more);
      } catch (error) {
        deps.failed('connection', error);
        reset(connection);
      }
    };
  }

  return {
    received: guarded(arrivals.received),
    ended: guarded(arrivals.ended),
    expired: guarded(expired),
    evict: guarded(evict),
    respond,
    closed,
    unread,
  };
}
