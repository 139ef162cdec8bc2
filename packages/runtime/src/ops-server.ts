import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Registry } from 'prom-client';
import { describeError } from './log.ts';
import { readiness } from './ops-readiness.ts';
import type { ReadyCheck } from './ops-readiness.ts';
import { stopListening } from './stop-listening.ts';

export interface OpsServerOptions {
  readonly registry: Registry;
  readonly checks: readonly ReadyCheck[];
  /** Other processes of the same user may listen on the port beside this one: the kernel deals connections out. */
  readonly sharedPort?: boolean;
}

export interface OpsServer {
  /** Rejects when the port is taken; resolves with the port, which matters where 0 was asked for. */
  listen(host: string, port: number): Promise<number>;
  /** Stops listening, answers what was accepted and ends the connections that are open; soon. */
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A scraper or kubelet sends a few hundred bytes at once; who is slower is closed. Milliseconds. */
const HEADERS_TIMEOUT_MS = 5_000;
const LARGEST_HEADER_BYTES = 8_192;
/** Prometheus, kubelet and a few people: more is a mistake. */
const MOST_CONNECTIONS = 256;
/** What was accepted is answered before the end; who has not asked by then is let go. Milliseconds. */
const ANSWER_WITHIN_MS = 250;
const PLAIN_TEXT = 'text/plain; charset=utf-8';

/** `/metrics`, `/livez` and `/readyz` in plain text (DESIGN.md 4.7). Nothing about Pods or roles may be registered in it. */
export function createOpsServer(options: OpsServerOptions): OpsServer {
  const server = createServer(
    {
      maxHeaderSize: LARGEST_HEADER_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: HEADERS_TIMEOUT_MS,
      connectionsCheckingInterval: 1_000,
    },
    (request, response) => {
      void respond(request, response, options);
    },
  );
  server.maxConnections = MOST_CONNECTIONS;
  const { sharedPort: reusePort = false } = options;
  return { listen: (host, port) => listen(server, { host, port, reusePort }), close: () => close(server) };
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  options: OpsServerOptions,
): Promise<void> {
  request.resume(); // a body is not read, only taken off the connection
  const answer = await answerTo(request, options);
  const bytes = Buffer.from(answer.body);
  response.writeHead(answer.status, {
    'content-type': answer.type ?? PLAIN_TEXT,
    'content-length': bytes.length,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...answer.headers,
  });
  response.end(request.method === 'HEAD' ? undefined : bytes);
}

async function answerTo(
  { method, url = '' }: IncomingMessage,
  { registry, checks }: OpsServerOptions,
): Promise<Answer> {
  // By hand: URL would resolve dots and throw on what is no URL.
  const [path = '', query = ''] = url.split('?', 2);
  const answer = routes({ registry, checks }, query).get(path);
  if (answer === undefined) return { status: 404, body: 'not found\n' };
  if (method !== 'GET' && method !== 'HEAD') {
    return { status: 405, body: 'GET and HEAD only\n', headers: { allow: 'GET, HEAD' } };
  }
  return answer();
}

function routes(
  { registry, checks }: OpsServerOptions,
  query: string,
): ReadonlyMap<string, () => Answer | Promise<Answer>> {
  return new Map<string, () => Answer | Promise<Answer>>([
    ['/livez', () => ({ status: 200, body: 'ok\n' })],
    ['/readyz', () => readiness(checks, isVerbose(query))],
    ['/metrics', () => scrape(registry)],
  ]);
}

/** As kube-apiserver takes it: `?verbose`, whatever its value. */
function isVerbose(query: string): boolean {
  return new URLSearchParams(query).has('verbose');
}

async function scrape(registry: Registry): Promise<Answer> {
  try {
    return { status: 200, body: await registry.metrics(), type: registry.contentType };
  } catch (error) {
    return { status: 500, body: `a metric failed: ${describeError(error)}\n` };
  }
}

function listen(
  server: Server,
  options: { readonly host: string; readonly port: number; readonly reusePort: boolean },
): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options, () => {
      server.off('error', reject);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : options.port);
    });
  });
}

async function close(server: Server): Promise<void> {
  await stopListening(server);
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => {
      server.closeAllConnections();
    }, ANSWER_WITHIN_MS);
    server.close(() => {
      clearTimeout(timer);
      resolve(); // also where it never listened
    });
  });
}
