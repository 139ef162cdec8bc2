import type { IncomingMessage, ServerResponse } from 'node:http';
import { writePieces } from './answer-text.ts';
import type { Database } from './database.ts';
import { admitEvent } from './events.ts';
import type { PostedEvent } from './events.ts';
import { readBody, readRoute, sendFailure, sendJson } from './http.ts';
import type { Gate } from './http.ts';
import type { Lists } from './lists.ts';
import type { IssuerRoutes } from './issuer.ts';
import type { KubernetesKind, StoredObject } from './object.ts';
import type { PodLogs } from './pod-logs.ts';
import { checkRight } from './rights.ts';
import { Failure } from './status.ts';
import type { TokenReviews } from './token-reviews.ts';
import type { WatchRequest } from './watch.ts';
import type { Watches } from './watches.ts';
import { write } from './writes.ts';

/** Number of requests, including refused ones. */
export interface RequestCounts {
  list: number;
  /** Lists of one object, for the resourceVersion. */
  version: number;
  watch: number;
  /** Watches that began as a streaming list. */
  streaming: number;
}

export interface RoutesDeps {
  readonly database: Database;
  readonly lists: Lists;
  readonly watches: Watches;
  readonly gate: Gate;
  readonly events: PostedEvent[];
  readonly tokenReviews: TokenReviews;
  readonly issuer: IssuerRoutes;
  readonly podLogs: PodLogs;
  /** Reads that are refused, as `checkRight` names them. */
  readonly forbidden: ReadonlySet<string>;
  readonly requests: Readonly<Record<KubernetesKind, RequestCounts>>;
}

/** The listener of the HTTP server. */
export function createRoutes(deps: RoutesDeps): (request: IncomingMessage, response: ServerResponse) => void {
  const { database, gate, events, issuer, tokenReviews, requests, podLogs, forbidden } = deps;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://kubernetes');
    const body = await readBody(request);
    const route = readRoute(pathname);
    if (route.resource === 'objects' && request.method === 'GET') count(requests, route.kind, searchParams);
    if (!(await gate.admits(response))) return;
    if (route.resource === 'issuer') {
      if (request.method !== 'GET') throw notAllowed();
      issuer.answer(pathname, request, response);
      return;
    }
    if (route.resource === 'tokenreviews') {
      if (request.method !== 'POST') throw notAllowed();
      sendJson(response, 201, tokenReviews.answer(body));
      return;
    }
    if (route.resource === 'events') {
      if (request.method !== 'POST') throw notAllowed();
      const event = admitEvent(body, route.namespace);
      events.push(event);
      sendJson(response, 201, event);
      return;
    }
    if (route.resource === 'pods/exec') throw new Failure(400, 'Upgrade request required');
    if (route.resource === 'pods/log') {
      const { namespace, name } = route;
      checkRight(forbidden, { verb: 'get', resource: 'pods/log', namespace });
      await podLogs.answer(one(database, 'Pod', namespace, name), searchParams, response);
      return;
    }
    const { kind, namespace, name } = route;
    const { method = '' } = request;
    if (method !== 'GET') {
      const written = write(database, {
        method,
        kind,
        namespace: namespace ?? '',
        name,
        body,
        contentType: request.headers['content-type'],
      });
      if (written === undefined) throw notAllowed();
      sendJson(response, ...written);
      return;
    }
    const verb = name !== undefined ? 'get' : isWatch(searchParams) ? 'watch' : 'list';
    checkRight(forbidden, { verb, resource: `${kind.toLowerCase()}s`, namespace });
    if (name !== undefined) sendJson(response, 200, one(database, kind, namespace ?? '', name));
    else await answerCollection(deps, { kind, namespace, query: searchParams, response });
  }

  return (request, response) => {
    answer(request, response).catch((error: unknown) => {
      sendFailure(response, error);
    });
  };
}

function count(requests: RoutesDeps['requests'], kind: KubernetesKind, query: URLSearchParams): void {
  if (!isWatch(query)) requests[kind][asksForVersion(query) ? 'version' : 'list'] += 1;
  else if (query.has('sendInitialEvents')) requests[kind].streaming += 1;
  else requests[kind].watch += 1;
}

function one(database: Database, kind: KubernetesKind, namespace: string, name: string): StoredObject {
  const object = database.get(kind, namespace, name);
  if (object === undefined) throw new Failure(404, `${kind.toLowerCase()}s "${name}" not found`);
  return object;
}

async function answerCollection(
  { lists, watches }: Pick<RoutesDeps, 'lists' | 'watches'>,
  request: WatchRequest,
): Promise<void> {
  const { kind, namespace, query, response } = request;
  if (query.has('fieldSelector')) throw new Failure(400, 'the stand-in knows no fieldSelector');
  if (isWatch(query)) {
    watches.open(request);
    return;
  }
  const pieces = lists.list(kind, namespace, query);
  response.writeHead(200, { 'content-type': 'application/json' });
  await writePieces(response, pieces);
  response.end();
}

/** True for a list of one object, which is requested for its resourceVersion. */
function asksForVersion(query: URLSearchParams): boolean {
  return query.get('limit') === '1' && !query.has('continue');
}

function isWatch(query: URLSearchParams): boolean {
  return ['true', '1'].includes(query.get('watch') ?? '');
}

function notAllowed(): Failure {
  return new Failure(405, 'the server does not allow this method on the requested resource', { details: {} });
}
