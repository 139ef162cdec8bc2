import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '@rolegate/runtime';
import type { Caller } from '../addresses/callers.ts';
import type { Connection } from './connections.ts';
import { readRequestHeaders } from './request-headers.ts';
import type { RequestHeaders } from './request-headers.ts';
import type { OpenRoute, Route } from './routes.ts';

/** One request on its way to its answer. */
export interface Exchange {
  readonly connection: Connection;
  readonly response: ServerResponse;
  readonly method: string;
  readonly headers: RequestHeaders;
  readonly route: Route;
  readonly requestId: string;
  /** On the monotonic clock. Milliseconds. */
  readonly startedMs: number;
  /** Who asked, when it was last looked at. */
  caller: Caller | undefined;
  /** It has a place among those that wait. */
  hasPlace: boolean;
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
  readonly routeOf: (target: string) => Route;
  readonly requestId: () => string;
  readonly clock: Pick<Clock, 'monotonic'>;
}

/** Reads what requests say, each once, before anything is decided. */
export function createExchanges({ routeOf, requestId, clock }: ExchangesDeps) {
  return (request: IncomingMessage, response: ServerResponse, connection: Connection): Exchange => {
    connection.open += 1;
    return {
      connection,
      response,
      method: request.method ?? '',
      headers: readRequestHeaders(request.rawHeaders),
      route: routeOf(request.url ?? ''),
      requestId: requestId(),
      startedMs: clock.monotonic(),
      caller: undefined,
      hasPlace: false,
      held: false,
      done: false,
    };
  };
}
