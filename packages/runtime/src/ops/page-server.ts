import type { Clock } from '../time/clock.ts';
import type { HttpLimit, HttpLimits, HttpRefusal, HttpRequest } from '../http/connection/connection.ts';
import type { PlaceLimits } from '../http/clients/places.ts';
import { createHttpServer } from '../http/http-server.ts';
import { headerLines } from '../http/message/message.ts';
import type { HttpAnswer } from '../http/message/message.ts';

/** One answer in plain text. */
export interface Page {
  readonly status: number;
  /** One character per byte. */
  readonly body: string;
  readonly type?: string;
  readonly allow?: string;
}

/** Makes a page for a query, which has no question mark. */
export type MakePage = (query: string) => Page | Promise<Page>;

/** Options of every page server. */
export interface PageServerOptions {
  /** Other processes of the same user can listen on the same port. The kernel distributes the connections. */
  readonly sharedPort?: boolean;
  /** Connections. Defaults to 8 an address and 64 in all. */
  readonly places?: PlaceLimits;
  /** Called when a client with this address reaches a limit. */
  readonly limited?: (limit: HttpLimit, ip: string) => void;
}

export interface PageServer {
  /** Resolves with the port, which differs if 0 was requested. Rejects if the port is in use. */
  listen(host: string, port: number): Promise<number>;
  /** Stops listening, answers accepted requests and closes open connections after a short time. */
  close(): Promise<void>;
}

/** The name, in metrics and logs, of a limit reached on the metrics port (`ops`) or the probe port. */
export function pageLimit<Port extends 'ops' | 'probe'>(
  port: Port,
  met: HttpLimit,
): `${Port}_${'connections' | 'requests'}` {
  return `${port}_${met.startsWith('connections') ? 'connections' : 'requests'}`;
}

const PLACES: PlaceLimits = { perClient: 8, total: 64, spared: 0 };
/** Prometheus, kubelet and people send short requests, but strangers can reach the port too (DESIGN.md 4.11). */
const LIMITS: Omit<HttpLimits, 'places'> = {
  headBytes: 4_096,
  headMs: 5_000,
  bodyMs: 5_000,
  behindBytes: 4_096,
  keepAliveMs: 0,
  answerMs: 5_000,
  connectionMs: 5_000,
};
/** Time to answer accepted requests on close. Idle connections are closed after it. Milliseconds. */
const ANSWER_WITHIN_MS = 250;
const PLAIN_TEXT = 'text/plain; charset=utf-8';

const STATUSES: Readonly<Record<HttpRefusal['kind'], number>> = {
  malformed: 400,
  'head too large': 431,
  'head timeout': 408,
  'body too large': 413,
  'body timeout': 408,
  'too many connections': 503,
};

/** Serves pages by path, with limits of its own. */
export function createPageServer(
  pages: ReadonlyMap<string, MakePage>,
  {
    clock,
    sharedPort: reusePort = false,
    places = PLACES,
    limited = () => undefined,
  }: PageServerOptions & { readonly clock: Clock },
): PageServer {
  const server = createHttpServer<undefined>({
    limits: { ...LIMITS, places },
    clock,
    hooks: {
      opened: ({ ip }) => ({ client: { group: ip, name: ip }, context: undefined }),
      bodyBytes: () => 0,
      request: (request) => void answer(request),
      refused: ({ kind }) => rendered({ status: STATUSES[kind], body: `${kind}\n` }),
      limited: (limit, _client, ip) => {
        limited(limit, ip);
      },
    },
    failed: () => undefined,
  });

  async function answer(request: HttpRequest<undefined>): Promise<void> {
    const { method, target } = request.head;
    server.respond(request, rendered(await pageFor(pages, { method, target })));
  }

  return {
    listen: (host, port) => server.listen({ host, port, reusePort }),
    close: () => server.close(ANSWER_WITHIN_MS),
  };
}

async function pageFor(
  pages: ReadonlyMap<string, MakePage>,
  { method, target }: { readonly method: string; readonly target: string },
): Promise<Page> {
  // Not by URL, which resolves dots and throws on invalid targets.
  const [path = '', query = ''] = target.split('?', 2);
  const make = pages.get(path);
  if (make === undefined) return { status: 404, body: 'not found\n' };
  if (method !== 'GET' && method !== 'HEAD')
    return { status: 405, body: 'GET and HEAD only\n', allow: 'GET, HEAD' };
  return make(query);
}

function rendered({ status, body, type = PLAIN_TEXT, allow }: Page): HttpAnswer {
  const headers = ['Content-Type', type, 'Cache-Control', 'no-store', 'X-Content-Type-Options', 'nosniff'];
  if (allow !== undefined) headers.push('Allow', allow);
  return { status, headers: headerLines(headers), body };
}
