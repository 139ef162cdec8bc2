import type { Registry } from 'prom-client';
import { systemClock } from './clock.ts';
import { createHttpServer, headerLines } from './http/index.ts';
import type { HttpAnswer, HttpLimit, HttpLimits, HttpRefusal, HttpRequest } from './http/index.ts';
import { describeError } from './log.ts';
import { readiness } from './ops-readiness.ts';
import type { ReadyCheck } from './ops-readiness.ts';

export interface OpsServerOptions {
  readonly registry: Registry;
  readonly checks: readonly ReadyCheck[];
  /** Other processes of the same user may listen on the port beside this one: the kernel deals connections out. */
  readonly sharedPort?: boolean;
  /** A bound was met by a client with this address. */
  readonly limited?: (limit: HttpLimit, ip: string) => void;
}

export interface OpsServer {
  /** Rejects when the port is taken; resolves with the port, which matters where 0 was asked for. */
  listen(host: string, port: number): Promise<number>;
  /** Stops listening, answers what was accepted and ends the connections that are open; soon. */
  close(): Promise<void>;
}

interface Page {
  readonly status: number;
  readonly body: string;
  readonly type?: string;
  readonly allow?: string;
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
/** However many scrape, the page is made once in this time in the long run, and so often after a rest. */
const PAGE_MS = 1_000;
const PAGES_AFTER_REST = 8;
/** What was accepted is answered before the end; who has not asked by then is let go. Milliseconds. */
const ANSWER_WITHIN_MS = 250;
const PLAIN_TEXT = 'text/plain; charset=utf-8';

/** `/metrics`, `/livez` and `/readyz` in plain text (DESIGN.md 4.7). Nothing about Pods or roles may be registered in it. */
export function createOpsServer(options: OpsServerOptions): OpsServer {
  const { registry, checks, sharedPort: reusePort = false, limited = () => undefined } = options;
  const metrics = rememberPage(() => scrape(registry));
  const server = createHttpServer<undefined>({
    limits: LIMITS,
    clock: systemClock,
    hooks: {
      opened: ({ ip }) => ({ client: { group: ip, name: ip }, context: undefined }),
      bodyBytes: () => 0,
      request: (request) => void answer(request),
      refused: (refusal) => rendered({ status: STATUSES[refusal.kind], body: `${refusal.kind}\n` }),
      limited: (limit, _client, ip) => {
        limited(limit, ip);
      },
    },
    failed: () => undefined,
  });

  async function answer(request: HttpRequest<undefined>): Promise<void> {
    const { method, target } = request.head;
    const page = await pageFor(method, target, { checks, metrics });
    server.respond(request, rendered(page));
  }

  return {
    listen: (host, port) => server.listen({ host, port, reusePort }),
    close: () => server.close(ANSWER_WITHIN_MS),
  };
}

const STATUSES: Readonly<Record<HttpRefusal['kind'], number>> = {
  malformed: 400,
  'head too large': 431,
  'head timeout': 408,
  'body too large': 413,
  'body timeout': 408,
  'too many connections': 503,
};

function rendered({ status, body, type = PLAIN_TEXT, allow }: Page): HttpAnswer {
  const headers = ['Content-Type', type, 'Cache-Control', 'no-store', 'X-Content-Type-Options', 'nosniff'];
  if (allow !== undefined) headers.push('Allow', allow);
  return { status, headers: headerLines(headers), body };
}

interface Pages {
  readonly checks: readonly ReadyCheck[];
  readonly metrics: () => Promise<Page>;
}

async function pageFor(method: string, target: string, { checks, metrics }: Pages): Promise<Page> {
  // By hand: URL would resolve dots and throw on what is no URL.
  const [path = '', query = ''] = target.split('?', 2);
  const pages = new Map<string, () => Page | Promise<Page>>([
    ['/livez', () => ({ status: 200, body: 'ok\n' })],
    ['/readyz', () => readiness(checks, isVerbose(query))],
    ['/metrics', metrics],
  ]);
  const make = pages.get(path);
  if (make === undefined) return { status: 404, body: 'not found\n' };
  if (method !== 'GET' && method !== 'HEAD')
    return { status: 405, body: 'GET and HEAD only\n', allow: 'GET, HEAD' };
  return make();
}

/** As kube-apiserver takes it: `?verbose`, whatever its value. */
function isVerbose(query: string): boolean {
  return new URLSearchParams(query).has('verbose');
}

async function scrape(registry: Registry): Promise<Page> {
  try {
    const text = await registry.metrics();
    return { status: 200, body: asBytes(text), type: registry.contentType };
  } catch (error) {
    return { status: 500, body: asBytes(`a metric failed: ${describeError(error)}\n`) };
  }
}

/** UTF-8, a character a byte, as answers take it. */
function asBytes(text: string): string {
  return Buffer.from(text).toString('latin1');
}

/** Makes the page again as long as that is not too often; else the last one is given once more. */
function rememberPage(make: () => Promise<Page>): () => Promise<Page> {
  let left = PAGES_AFTER_REST;
  let filledMs = systemClock.monotonic();
  let page: Promise<Page> | undefined;
  return () => {
    const nowMs = systemClock.monotonic();
    left = Math.min(PAGES_AFTER_REST, left + (nowMs - filledMs) / PAGE_MS);
    filledMs = nowMs;
    if (page !== undefined && left < 1) return page;
    left -= 1;
    return (page = make());
  };
}
