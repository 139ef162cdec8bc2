import type { Socket } from 'node:net';
import type { HttpAnswer } from '../message/message.ts';
import type { Client, ClientName, PlaceLimits } from '../clients/places.ts';
import type { RequestHead } from '../message/request-head.ts';
import type { Sender, UnreadLimits } from '../unread/senders.ts';

/** Limits of a connection. Sizes in bytes, times in milliseconds. */
export interface HttpLimits {
  readonly places: PlaceLimits;
  readonly headBytes: number;
  /** From the head's first byte, or the connection's start, to the end of the head. */
  readonly headMs: number;
  readonly bodyMs: number;
  /** How much is kept of what arrives behind an unanswered request. */
  readonly behindBytes: number;
  /** Wait for the next request. 0 ends a connection with its first answer. */
  readonly keepAliveMs: number;
  /** For the client to receive an answer. */
  readonly answerMs: number;
  /** For the whole connection. Unlimited if absent. */
  readonly connectionMs?: number;
  /** Absent if a client can leave no more than one answer unread. */
  readonly unread?: UnreadLimits;
}

/** Why something is answered without being passed on. */
export type HttpRefusal =
  | { readonly kind: 'malformed'; readonly detail: string }
  | { readonly kind: 'head too large'; readonly detail: string }
  | { readonly kind: 'head timeout' }
  | { readonly kind: 'body too large' }
  | { readonly kind: 'body timeout' }
  | { readonly kind: 'too many connections' };

/** A limit that was reached. A closed set, because it becomes a metric label. */
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

/** The other end of a connection. */
export interface Peer {
  /** Canonical address; '' on a unix socket. */
  readonly ip: string;
}

/** What the server's user does with connections and requests. None of these may throw. */
export interface HttpHooks<Context> {
  /** Returns the client that a new connection is counted for, and any context to keep with it. `localPort`: 0 on a path. */
  readonly opened: (
    peer: Peer,
    localPort: number,
  ) => { readonly client: ClientName; readonly context: Context };
  /** Largest body of a request with this method. 0 reads no body and ends the connection with the answer. Bytes. */
  readonly bodyBytes: (method: string) => number;
  /** Receives a request. `respond` must be called for it unless its connection ends. */
  readonly request: (request: HttpRequest<Context>) => void;
  /** The answer to something that is refused before it becomes a request. */
  readonly refused: (refusal: HttpRefusal, connection: HttpConnection<Context>) => HttpAnswer;
  /** The client at this address reached a limit. */
  readonly limited: (limit: HttpLimit, client: ClientName, ip: string) => void;
}

/** A request that waits for its answer. */
export interface HttpRequest<Context> {
  readonly connection: HttpConnection<Context>;
  /** Keeping a part of its text keeps the whole head in memory. */
  readonly head: RequestHead;
  /** Latin-1 text; '' if there is none or it was not read. */
  readonly body: string;
  /** Set by the user. Called if the connection ends or is evicted before the answer. */
  gone: (() => void) | undefined;
}

/**
 * What happens on a connection. Arriving bytes are parsed only in `reading` and `body`. reading: until the end of a
 * head. turn: a request, or its head, waits for its client's turn. unread: it waits until the client has read what it
 * was sent. answering: the user has the request. draining: the kernel does not accept the whole answer yet. refusing:
 * there is no place for the connection; its request is answered unread. lingering: it has had its last answer.
 */
export type Stage =
  'reading' | 'turn' | 'body' | 'unread' | 'answering' | 'draining' | 'refusing' | 'lingering' | 'closed';

export interface HttpConnection<Context> extends Peer, Sender<HttpConnection<Context>> {
  readonly socket: Socket;
  context: Context;
  client: Client<HttpConnection<Context>>;
  readonly openedMs: number;
  stage: Stage;
  /** Monotonic; Infinity if there is none. Milliseconds. */
  deadlineMs: number;
  /** Bytes that have arrived and are not parsed. Latin-1 text. */
  pending: string;
  /** How many of them have been scanned. */
  scanned: number;
  /** Of the request that is being read or is waiting. */
  head: RequestHead | undefined;
  body: string;
  request: HttpRequest<Context> | undefined;
  /** Number of answers sent. */
  answers: number;
  /** The next answer is the last one. */
  last: boolean;
  /** The client sends nothing more. */
  clientEnded: boolean;
  /** Bytes discarded behind the last request that is answered. */
  dropped: number;
}

/** Resets the connection and discards what its client has not read. */
export function reset({ ip, socket }: Pick<HttpConnection<unknown>, 'ip' | 'socket'>): void {
  if (ip === '') socket.destroy();
  else socket.resetAndDestroy();
}

/** Ignores socket errors: 'close' follows with everything that matters. */
export function ignoreError(): void {
  // Ignored.
}

/** Guards the steps of a connection: a hook that throws ends the connection, not the process. */
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

/** The client for connections that have no place. */
export function createNobody<Occupant>(): Client<Occupant> {
  const group = { name: '', clients: new Map<string, Client<Occupant>>(), size: 0 };
  return { group, name: '', occupants: new Set(), idle: new Set() };
}

type Opened<Context> = Pick<
  HttpConnection<Context>,
  'socket' | 'ip' | 'context' | 'client' | 'ends' | 'openedMs'
>;

/** A newly accepted connection. */
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
