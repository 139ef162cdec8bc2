import type { Client, Clock, HttpRequest } from '@rolegate/runtime';
import type { Caller } from '../addresses/callers.ts';
import type { Connection, Owner } from './connections.ts';
import { readRequestHeaders } from './request-headers.ts';
import type { RequestHeaders } from './request-headers.ts';
import type { OpenRoute, Route } from './routes.ts';

/** One request on its way to its answer. */
export interface Exchange {
  readonly request: HttpRequest<Owner>;
  readonly connection: Connection;
  readonly method: string;
  readonly headers: RequestHeaders;
  readonly route: Route;
  readonly requestId: string;
  /** On the monotonic clock. Milliseconds. */
  readonly startedMs: number;
  /** Who asked, when it was last looked at. */
  caller: Caller | undefined;
  /** Among those that wait; undefined: it does not. */
  place: Client<Exchange> | undefined;
  /** It was held. */
  held: boolean;
  /** Answered, or given up by the client. */
  done: boolean;
}

/** An exchange that is in order, so that its answer depends on who asks. */
export interface OpenExchange extends Exchange {
  readonly route: OpenRoute;
}

export interface ExchangesDeps {
  /** `namespace`: whose Pod asks. */
  readonly routeOf: (target: string, namespace: string) => Route;
  readonly requestId: () => string;
  readonly clock: Pick<Clock, 'monotonic'>;
}

/** Reads what requests say, each once, before anything is decided. */
export function createExchanges({ routeOf, requestId, clock }: ExchangesDeps) {
  return (request: HttpRequest<Owner>): Exchange => ({
    request,
    connection: request.connection,
    method: request.head.method,
    headers: readRequestHeaders(request.head.headers),
    route: routeOf(request.head.target, request.connection.client.group.name),
    requestId: requestId(),
    startedMs: clock.monotonic(),
    caller: undefined,
    place: undefined,
    held: false,
    done: false,
  });
}
