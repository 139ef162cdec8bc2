import type { HttpConnection, HttpHooks, HttpLimits, HttpRefusal } from './connection.ts';
import { CONTINUE } from '../message/message.ts';
import { readBody } from '../message/request-body.ts';
import type { BodyProgress } from '../message/request-body.ts';
import type { createHeadParser } from '../message/known-heads.ts';
import { mayBecomeHead } from '../message/request-head.ts';
import type { RequestHead } from '../message/request-head.ts';

/** End of a head. */
const HEAD_END = '\r\n\r\n';
/** Empty lines before a request (RFC 9112, 2.2). */
const EMPTY_LINES = /^(?:\r\n)+/;

/** How an incomplete body is refused. */
const BODY_REFUSALS: Readonly<Record<Exclude<BodyProgress['kind'], 'complete'>, HttpRefusal>> = {
  incomplete: { kind: 'malformed', detail: 'the request ends in its body' },
  'too large': { kind: 'body too large' },
  malformed: { kind: 'malformed', detail: 'a chunk of the body is not HTTP/1.1' },
};

export interface RequestReaderDeps<Context> {
  readonly limits: Pick<HttpLimits, 'headBytes' | 'headMs'>;
  readonly takeBody: RequestParser<Context>['takeBody'];
  /** The connection's request waits for its client's turn. `later`: others must be read first. */
  readonly ready: (connection: HttpConnection<Context>, later: boolean) => void;
  readonly refuse: (connection: HttpConnection<Context>, refusal: HttpRefusal) => void;
  /** The client ended outside a request. */
  readonly end: (connection: HttpConnection<Context>) => void;
  readonly now: () => number;
}

/** Finds where requests end, one at a time. Bytes behind a request are not scanned before it is answered. */
export function createRequestReader<Context>(deps: RequestReaderDeps<Context>) {
  const { limits, takeBody, ready, refuse, end, now } = deps;

  /** More bytes arrived in `reading` or `body`, or the client has ended. */
  function advance(connection: HttpConnection<Context>, later: boolean): void {
    if (connection.stage === 'body') continueBody(connection, later);
    else findHead(connection, later);
  }

  function continueBody(connection: HttpConnection<Context>, later: boolean): void {
    const { head } = connection;
    if (head !== undefined && takeBody(connection, head)) ready(connection, later);
  }

  function findHead(connection: HttpConnection<Context>, later: boolean): void {
    if (connection.pending.startsWith('\r\n')) {
      connection.pending = connection.pending.replace(EMPTY_LINES, '');
      connection.scanned = 0;
    }
    const { pending, scanned } = connection;
    const at = pending.indexOf(HEAD_END, Math.max(0, scanned - HEAD_END.length + 1));
    if (at > limits.headBytes || (at < 0 && pending.length > limits.headBytes))
      refuse(connection, {
        kind: 'head too large',
        detail: `more than ${limits.headBytes} bytes`,
      });
    else if (at >= 0) ready(connection, later);
    else awaitRest(connection);
  }

  function awaitRest(connection: HttpConnection<Context>): void {
    const { pending, scanned, answers, clientEnded } = connection;
    if (clientEnded) {
      if (pending === '') end(connection);
      else refuse(connection, { kind: 'malformed', detail: 'the request ends in its head' });
      return;
    }
    if (!mayBecomeHead(pending, scanned)) {
      refuse(connection, { kind: 'malformed', detail: 'not HTTP/1.1' });
      return;
    }
    // A kept connection has its full time to begin the next request, and then as much as for the first one. Half of an
    // empty line does not begin a request.
    if (answers > 0 && scanned === 0 && pending !== '' && pending !== '\r')
      connection.deadlineMs = now() + limits.headMs;
    connection.scanned = pending.length;
  }

  return { advance };
}

export interface RequestParserDeps<Context> {
  readonly limits: Pick<HttpLimits, 'bodyMs'>;
  readonly parseHead: ReturnType<typeof createHeadParser>;
  readonly bodyBytes: HttpHooks<Context>['bodyBytes'];
  readonly refuse: (connection: HttpConnection<Context>, refusal: HttpRefusal) => void;
  readonly now: () => number;
}

export interface RequestParser<Context> {
  /** Parses the head in its turn. Returns false if the request cannot be passed on, or not yet. */
  readonly takeHead: (connection: HttpConnection<Context>) => boolean;
  /** Returns true when the body is complete. */
  readonly takeBody: (connection: HttpConnection<Context>, head: RequestHead) => boolean;
}

/** Parses a request when it is its client's turn. */
export function createRequestParser<Context>(deps: RequestParserDeps<Context>): RequestParser<Context> {
  const { limits, parseHead, bodyBytes, refuse, now } = deps;

  function takeHead(connection: HttpConnection<Context>): boolean {
    const { pending } = connection;
    const at = pending.indexOf(HEAD_END);
    const head = parseHead(alone(pending.slice(0, at), pending), connection.client.group.name);
    connection.pending = pending.slice(at + HEAD_END.length);
    connection.scanned = 0;
    if ('fault' in head) {
      const { fault, detail } = head;
      refuse(connection, { kind: fault === 'malformed' ? 'malformed' : 'head too large', detail });
      return false;
    }
    connection.head = head;
    return head.framing.kind === 'none' || beginBody(connection, head);
  }

  function beginBody(connection: HttpConnection<Context>, head: RequestHead): boolean {
    const maxBytes = bodyBytes(head.method);
    if (maxBytes === 0) {
      // Its body is not read, so what arrives is discarded with the connection.
      connection.last = true;
      return true;
    }
    if (head.framing.kind === 'sized' && head.framing.bytes > maxBytes) {
      refuse(connection, { kind: 'body too large' });
      return false;
    }
    if (head.expectsContinue && connection.pending === '') connection.socket.write(CONTINUE, 'latin1');
    connection.stage = 'body';
    connection.deadlineMs = now() + limits.bodyMs;
    return takeBody(connection, head);
  }

  function takeBody(connection: HttpConnection<Context>, { framing, method }: RequestHead): boolean {
    const read = readBody(connection.pending, framing, bodyBytes(method));
    if (read.kind === 'complete') {
      connection.body = alone(read.body, connection.pending);
      connection.pending = connection.pending.slice(read.end);
      return true;
    }
    if (read.kind !== 'incomplete' || connection.clientEnded) refuse(connection, BODY_REFUSALS[read.kind]);
    return false;
  }

  return { takeHead, takeBody };
}

/** A part of a text is copied if keeping it would keep more than this besides. Characters. */
const MOST_BESIDE = 1_024;

/** Copies a part of a Latin-1 text if V8's slice would keep too much of the whole in memory while a request waits. */
function alone(part: string, whole: string): string {
  return whole.length - part.length > MOST_BESIDE ? Buffer.from(part, 'latin1').toString('latin1') : part;
}
