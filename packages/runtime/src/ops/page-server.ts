import type { Clock } from '../time/clock.ts';
import type { HttpLimit, HttpLimits, HttpRefusal, HttpRequest } from '../http/connection/connection.ts';
import { createHttpServer } from '../http/http-server.ts';
import { headerLines } from '../http/message/message.ts';
import type { HttpAnswer } from '../http/message/message.ts';

/** One answer in plain text. */
export interface Page {
  readonly status: number;
  /** A byte a character. */
  readonly body: string;
  readonly type?: string;
  readonly allow?: string;
}

/** Makes a page for the query of a request, the question mark left out. */
export type MakePage = (query: string) => Page | Promise<Page>;

/** What every server of pages takes. */
export interface PageServerOptions {
  /** Other processes of the same user may listen on the port beside this one: the kernel deals connections out. */
  readonly sharedPort?: boolean;
  /** A limit was met by a client with this address. */
  readonly limited?: (limit: HttpLimit, ip: string) => void;
}

export interface PageServer {
  /** Rejects if the port is taken. Resolves with the port, which matters if 0 was asked for. */
  listen(host: string, port: number): Promise<number>;
  /** Stops listening, answers what was accepted and ends the connections that are open; soon. */
  close(): Promise<void>;
}

/** How metrics and log call a limit that was met on the port of metrics (`ops`) or on that of kubelet's probes. */
export function pageLimit<Port extends 'ops' | 'probe'>(
  port: Port,
  met: HttpLimit,
): `${Port}_${'connections' | 'requests'}` {
  return `${port}_${met.startsWith('connections') ? 'connections' : 'requests'}`;
}

/** Prometheus, kubelet and a few people send a few hundred bytes at once, and strangers reach the port too (DESIGN.md 4.11). */
const LIMITS: HttpLimits = {
  places: { perClient: 8, total: 64, spared: 0 },
  headBytes: 4_096,
  headMs: 5_000,
  bodyMs: 5_000,
  behindBytes: 4_096,
  keepAliveMs: 0,
  answerMs: 5_000,
  connectionMs: 5_000,
};
/** What was accepted is answered before the end; who has not asked by then is let go. Milliseconds. */
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

/** Serves pages by their paths, within limits that it shares with no other server. */
export function createPageServer(
  pages: ReadonlyMap<string, MakePage>,
  {
    clock,
    sharedPort: reusePort = false,
    limited = () => undefined,
  }: PageServerOptions & { readonly clock: Clock },
): PageServer {
  const server = createHttpServer<undefined>({
    limits: LIMITS,
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
  // By hand: URL would resolve dots and throw on what is no URL.
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
