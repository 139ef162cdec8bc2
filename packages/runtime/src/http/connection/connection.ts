import type { Socket } from 'node:net';
import type { HttpAnswer } from '../message/message.ts';
import type { Client, ClientName, PlaceLimits } from '../clients/places.ts';
import type { RequestHead } from '../message/request-head.ts';
import type { Sender, UnreadLimits } from '../unread/senders.ts';

/** What bounds a connection. Sizes in bytes, times in milliseconds. */
export interface HttpLimits {
  readonly places: PlaceLimits;
  readonly headBytes: number;
  /** From a head's first byte, or a connection's beginning, to the head's end. */
  readonly headMs: number;
  readonly bodyMs: number;
  /** What is kept of what comes behind a request that has not been answered. */
  readonly behindBytes: number;
  /** For a next request; 0: a connection ends with its first answer. */
  readonly keepAliveMs: number;
  /** For an answer to be taken by the client. */
  readonly answerMs: number;
  /** For everything; no bound of its own if absent. */
  readonly connectionMs?: number;
  /** Absent: an answer is as much as a client can leave unread. */
  readonly unread?: UnreadLimits;
}

/** Why something is answered without being handed on. */
export type HttpRefusal =
  | { readonly kind: 'malformed'; readonly detail: string }
  | { readonly kind: 'head too large'; readonly detail: string }
  | { readonly kind: 'head timeout' }
  | { readonly kind: 'body too large' }
  | { readonly kind: 'body timeout' }
  | { readonly kind: 'too many connections' };

/** A bound that somebody met: a closed set, as it becomes a metric label. */
export type HttpLimit =
  | 'connections_per_client'
  | 'connections_per_group'
  | 'connections'
  | 'head_bytes'
  | 'head_time'
  | 'body_bytes'
  | 'body_time'
  | 'pipelined_bytes'
  | 'unread_bytes'
  | 'answer_time';

/** Who speaks on a connection. */
export interface Peer {
  /** Canonical address; '' on a unix socket. */
  readonly ip: string;
}

/** What the caller makes of connections and requests. None of these may throw. */
export interface HttpHooks<Context> {
  /** Whom a new connection from this address counts for, and what the caller wants to keep with it. */
  readonly opened: (peer: Peer) => { readonly client: ClientName; readonly context: Context };
  /** How large a body of this method may be; 0: none is read, and the connection ends with the answer. Bytes. */
  readonly bodyBytes: (method: string) => number;
  /** Takes a request: at some time `respond` is called for it, or its connection ended. */
  readonly request: (request: HttpRequest<Context>) => void;
  /** The answer to what is refused before it becomes a request. */
  readonly refused: (refusal: HttpRefusal, connection: HttpConnection<Context>) => HttpAnswer;
  /** This client met a bound, from this address. */
  readonly limited: (limit: HttpLimit, client: ClientName, ip: string) => void;
}

/** One request that waits for its answer. */
export interface HttpRequest<Context> {
  readonly connection: HttpConnection<Context>;
  /** A text of it that is kept for longer keeps the whole head in memory. */
  readonly head: RequestHead;
  /** Latin-1 text; '' if there is none, or it was not read. */
  readonly body: string;
  /** Set by the caller: called if the connection ends, or has to make room, before the answer. */
  gone: (() => void) | undefined;
}

/**
 * What happens on a connection now. Only in `reading` and `body` does what arrives go on to be parsed.
 * reading: up to the end of a head. turn: a whole request, or its head, waits for its client's turn. unread: it waits until the
 * client has read what it was sent. answering: the caller has the request. draining: the kernel does not take the whole answer.
 * refusing: there is no place for it; its request is not read but answered. lingering: it was answered for the last time.
 */
export type Stage =
  'reading' | 'turn' | 'body' | 'unread' | 'answering' | 'draining' | 'refusing' | 'lingering' | 'closed';

export interface HttpConnection<Context> extends Peer, Sender<HttpConnection<Context>> {
  readonly socket: Socket;
  context: Context;
  client: Client<HttpConnection<Context>>;
  readonly openedMs: number;
  stage: Stage;
  /** On the monotonic clock; Infinity: none. Milliseconds. */
  deadlineMs: number;
  /** What has arrived and was not parsed. Latin-1 text. */
  pending: string;
  /** How much of it has been looked at. */
  scanned: number;
  /** Of the request that is being read or waits. */
  head: RequestHead | undefined;
  body: string;
  request: HttpRequest<Context> | undefined;
  /** Answers that were sent. */
  answers: number;
  /** The next answer is the last one. */
  last: boolean;
  /** The client sends no more. */
  clientEnded: boolean;
  /** Arrived behind the last request that is answered. Bytes. */
  dropped: number;
}

/** Ends the connection at once, with all that its client has not read. */
export function reset({ ip, socket }: Pick<HttpConnection<unknown>, 'ip' | 'socket'>): void {
  if (ip === '') socket.destroy();
  else socket.resetAndDestroy();
}

/** For errors of a socket: its 'close' follows, and says all that is needed. */
export function ignoreError(): void {
  // Nothing to do.
}

/** Makes steps of a connection safe: a hook that throws costs the connection, never the process. */
export function createGuard<Context>(failed: (error: unknown) => void) {
  type Connection = HttpConnection<Context>;
  return <More extends unknown[]>(step: (connection: Connection, ...more: More) => void) =>
    (connection: Connection, ...more: More): void => {
      try {
        step(connection, ...more);
      } catch (error) {
        failed(error);
        reset(connection);
      }
    };
}

/** Whom connections count for that have no place. */
export function createNobody<Occupant>(): Client<Occupant> {
  const group = { name: '', clients: new Map<string, Client<Occupant>>(), size: 0 };
  return { group, name: '', occupants: new Set(), idle: new Set() };
}

type Opened<Context> = Pick<
  HttpConnection<Context>,
  'socket' | 'ip' | 'context' | 'client' | 'ends' | 'openedMs'
>;

/** A connection that was accepted just now. */
export function createConnection<Context>({
  socket,
  ip,
  context,
  client,
  ends,
  openedMs,
}: Opened<Context>): HttpConnection<Context> {
  return {
    socket,
    ip,
    context,
    client,
    ends,
    openedMs,
    stage: 'reading',
    deadlineMs: Infinity,
    pending: '',
    scanned: 0,
    head: undefined,
    body: '',
    request: undefined,
    answers: 0,
    last: false,
    clientEnded: false,
    dropped: 0,
    unread: 0,
    sinceLook: 0,
    lastBytes: 0,
  };
}
