import type { RequestHead } from '@rolegate/runtime';
import type { Exchange, ReadHead } from '../pod-http/exchange.ts';
import { clientOf } from '../pod-http/sdk.ts';
import { readRequestHeaders } from './request/headers.ts';
import type { RequestHeaders } from './request/headers.ts';
import { routeName } from './request/routes.ts';
import type { OpenRoute, Route } from './request/routes.ts';

/** The content of a request to the metadata API. */
export interface MetadataHead extends ReadHead {
  readonly headers: RequestHeaders;
  readonly route: Route;
}

/** A valid exchange, whose answer depends on the caller. */
export type OpenExchange = Exchange<MetadataHead & { readonly route: OpenRoute }>;

/** Reads heads. `namespace`: of the Pod that sent the request. */
export function createReadHead(routeOf: (target: string, namespace: string) => Route) {
  return ({ method, target, headers: raw }: RequestHead, namespace: string): MetadataHead => {
    const headers = readRequestHeaders(raw);
    const route = routeOf(target, namespace);
    const { kind } = route;
    return {
      method,
      headers,
      route,
      routeName: routeName(route),
      asks: kind === 'credentials' || kind === 'list' ? kind : undefined,
      ...clientOf(headers.userAgent),
      imds: headers.token === undefined && kind !== 'token' ? 'v1' : 'v2',
    };
  };
}
