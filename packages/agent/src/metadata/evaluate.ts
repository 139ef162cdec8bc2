import type { Clock } from '@rolegate/runtime';
import { ownerUid } from '../addresses/caller.ts';
import type { Callers } from '../addresses/callers.ts';
import type { PodTable } from '../feed/table/pod-table.ts';
import { parseTtl } from '../imds-tokens/tokens.ts';
import type { Tokens } from '../imds-tokens/tokens.ts';
import type { OtherMetadata } from '../node-imds/other-metadata.ts';
import { fault, refusal } from '../pod-http/answer/answer.ts';
import type { Answer } from '../pod-http/answer/answer.ts';
import type { Connections } from '../pod-http/connections.ts';
import type { OpenExchange } from './head.ts';
import type { RequestHeaders } from './request/headers.ts';
import type { OpenRoute, Route } from './request/routes.ts';
import { answerFor } from './rows/rows.ts';
import type { Action, Imdsv1Mode, Situation } from './rows/situation.ts';

/** A valid request, whose answer depends on the caller. */
export interface InOrder {
  readonly route: OpenRoute;
  /** Only with the token route. Seconds. */
  readonly ttlSeconds: number;
}

export interface Incoming {
  readonly method: string;
  readonly route: Route;
  readonly headers: RequestHeaders;
  readonly isHostAllowed: (host: string | undefined) => boolean;
}

/** The checks of DESIGN 4.3 up to the method, and those of the token request: refusals that are the same for every caller. */
export function earlyRefusal({ method, route, headers, isHostAllowed }: Incoming): Answer | InOrder {
  if (route.kind === 'malformed') return fault(400, 'MalformedRequest', { detail: route.detail });
  if (headers.repeated)
    return fault(400, 'MalformedRequest', { detail: 'a header that is allowed once occurs several times' });
  if (!isHostAllowed(headers.host)) return fault(403, 'HostNotAllowed');
  if (route.kind === 'blocked') return refusal('PathBlocked', { detail: route.detail });
  if (route.kind === 'token') return tokenRefusal(method, route, headers);
  if (method !== 'GET' && method !== 'HEAD')
    return fault(405, 'MethodNotAllowed', { headers: ['Allow', 'GET, HEAD'] });
  return { route, ttlSeconds: 0 };
}

function tokenRefusal(
  method: string,
  route: Extract<OpenRoute, { kind: 'token' }>,
  { forwarded, ttl }: RequestHeaders,
): Answer | InOrder {
  if (method !== 'PUT') return fault(405, 'MethodNotAllowed', { headers: ['Allow', 'PUT'] });
  if (route.dated)
    return refusal('PathBlocked', { status: 403, detail: 'tokens are issued only under latest' });
  if (forwarded) return fault(403, 'ForwardedRequest');
  const ttlSeconds = parseTtl(ttl);
  return ttlSeconds === undefined ? fault(400, 'InvalidTokenTtl') : { route, ttlSeconds };
}

export interface EvaluationDeps {
  readonly callers: Pick<Callers, 'identify'>;
  readonly table: Pick<PodTable, 'session'>;
  readonly other: Pick<OtherMetadata, 'readable'>;
  readonly tokens: Pick<Tokens, 'check'>;
  readonly connections: Pick<Connections, 'claim'>;
  readonly imdsv1: Imdsv1Mode;
  readonly groups: ReadonlySet<string>;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
}

/**
 * Identifies the caller and decides the action, as things are now. Undefined: the connection belongs to another Pod and was
 * closed.
 */
export function createEvaluation(deps: EvaluationDeps): (exchange: OpenExchange) => Action | undefined {
  const { callers, table, other, tokens, connections, imdsv1, groups, clock } = deps;
  const session: Situation['session'] = (id) => table.session(id);

  return (exchange) => {
    const { connection, head } = exchange;
    const { headers, route } = head;
    const { ip } = connection;
    const caller = callers.identify(ip);
    exchange.caller = caller;
    if (!connections.claim(connection, caller)) return undefined;
    const uid = ownerUid(caller);
    const token = headers.token === undefined ? 'missing' : tokens.check(headers.token, { ip, uid });
    const monotonicMs = clock.monotonic();
    return answerFor({
      route,
      caller,
      token,
      imdsv1,
      groups,
      other,
      session,
      monotonicMs,
      nowMs: clock.now(),
    });
  };
}
