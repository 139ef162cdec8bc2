import type { Client, Clock, HttpRequest, RequestHead } from '@rolegate/runtime';
import type { Caller } from '../addresses/caller.ts';
import type { Connection, Owner } from './connections.ts';
import { readRequestHeaders } from '../metadata/request/headers.ts';
import type { RequestHeaders } from '../metadata/request/headers.ts';
import type { OpenRoute, Route } from '../metadata/request/routes.ts';
import { sdkOf } from './sdk.ts';
import type { Sdk } from './sdk.ts';

/** The content of a request head, whoever sent it. */
interface ReadHead {
  readonly method: string;
  readonly headers: RequestHeaders;
  readonly route: Route;
  readonly sdk: Sdk;
}

/** One request until it is answered. */
export interface Exchange extends ReadHead {
  readonly request: HttpRequest<Owner>;
  readonly connection: Connection;
  readonly requestId: string;
  /** On the monotonic clock. Milliseconds. */
  readonly startedMs: number;
  /** The caller as last identified. */
  caller: Caller | undefined;
  /** Its place among waiting requests; undefined: it does not wait. */
  place: Client<Exchange> | undefined;
  /** It was held. */
  held: boolean;
  /** Answered, or abandoned by the client. */
  done: boolean;
}

/** A valid exchange, whose answer depends on the caller. */
export interface OpenExchange extends Exchange {
  readonly route: OpenRoute;
}

export interface ExchangesDeps {
  /** `namespace`: of the Pod that sent the request. */
  readonly routeOf: (target: string, namespace: string) => Route;
  readonly requestId: () => string;
  readonly clock: Pick<Clock, 'monotonic'>;
}

/** Reads each request once, before anything is decided. */
export function createExchanges({ routeOf, requestId, clock }: ExchangesDeps) {
  const known = new WeakMap<RequestHead, ReadHead>();

  function read(head: RequestHead, namespace: string): ReadHead {
    const before = head.known ? known.get(head) : undefined;
    if (before !== undefined) return before;
    const { method, target } = head;
    const headers = readRequestHeaders(head.headers);
    const made = { method, headers, route: routeOf(target, namespace), sdk: sdkOf(headers.userAgent) };
    if (head.known) known.set(head, made);
    return made;
  }

  return (request: HttpRequest<Owner>): Exchange => {
    const { connection, head } = request;
    const { method, headers, route, sdk } = read(head, connection.client.group.name);
    return {
      request,
      connection,
      method,
      headers,
      route,
      sdk,
      requestId: requestId(),
      startedMs: clock.monotonic(),
      caller: undefined,
      place: undefined,
      held: false,
      done: false,
    };
  };
}

/** Creates request IDs that are short and unique across restarts. */
export function createRequestIds(randomBytes: (size: number) => Uint8Array): () => string {
  const instance = Buffer.from(randomBytes(4)).toString('hex');
  let last = 0;
  return () => {
    last += 1;
    return `${instance}-${last.toString(36)}`;
  };
}
